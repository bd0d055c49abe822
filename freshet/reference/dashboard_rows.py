"""What the Grafana dashboard shows: rows of panels, each with its question and its expressions."""

from dataclasses import dataclass

from freshet.alerts.alerts import ROUTES
from freshet.alerts.thresholds import FREE_BYTES_MIN, FRESH_S, OFFERS_FRESH_S, SNAPSHOTS_DUE, WAITED_S_MAX

RATE = "[$__rate_interval]"
FRESH = "freshet_fresh_seconds_bucket"


@dataclass(frozen=True)
class Line:
    expr: str
    legend: str


@dataclass(frozen=True)
class Panel:
    title: str
    unit: str
    """Grafana's: s, short, reqps, percentunit, bytes, bool_yes_no."""
    lines: tuple[Line, ...]
    limit: float | None = None
    """Where its alert begins."""
    below: bool = False
    """The alert is for what is below the limit."""


def quantiles(metric: str, where: str = "", by: str = "") -> tuple[Line, ...]:
    """The median and the 95th percentile of a histogram."""
    labels, name = (f"le, {by}", f" {{{{{by}}}}}") if by else ("le", "")
    return tuple(
        Line(
            f"histogram_quantile({share}, sum by ({labels}) (rate({metric}{where}{RATE})))", f"p{share * 100:.0f}{name}"
        )
        for share in (0.5, 0.95)
    )


def per_second(counter: str, by: str, where: str = "") -> Line:
    legend = " ".join(f"{{{{{label.strip()}}}}}" for label in by.split(","))
    return Line(f"sum by ({by}) (rate({counter}{where}{RATE}))", legend)


def worst(gauge: str, by: str, how: str = "max") -> Line:
    legend = " ".join(f"{{{{{label.strip()}}}}}" for label in by.split(","))
    return Line(f"{how} by ({by}) ({gauge})", legend)


ROWS: tuple[tuple[str, tuple[Panel, ...]], ...] = (
    (
        "Is all there?",
        (
            Panel("Processes that are up", "bool_yes_no", (worst("freshet_process_up", "process", "min"),)),
            Panel("Starts within an hour", "short", (Line("changes(process_start_time_seconds[1h])", "{{instance}}"),)),
            Panel(
                "What runs",
                "short",
                (Line("sum by (process, version) (freshet_build_info)", "{{process}} {{version}}"),),
            ),
        ),
    ),
    (
        "Freshness: from the event to searchable",
        (
            Panel("Prices and stock", "s", quantiles(FRESH, '{topic="offers"}'), OFFERS_FRESH_S),
            Panel("Products", "s", quantiles(FRESH, '{topic="documents"}'), FRESH_S),
            Panel("Events decided", "reqps", (per_second("freshet_events_decided_total", "outcome"),)),
        ),
    ),
    (
        "What waits",
        (
            Panel("Records behind", "short", (worst("freshet_lag_records", "step, partition"),)),
            Panel(
                "The oldest record has waited",
                "s",
                (worst("freshet_lag_age_seconds", "step, partition"),),
                WAITED_S_MAX,
            ),
            Panel("The writer waits for a merge", "s", (worst("freshet_merge_waiting_seconds", "partition"),)),
        ),
    ),
    (
        "Search",
        (
            Panel("Latency", "s", quantiles("freshet_request_seconds_bucket", f"{{{ROUTES}}}")),
            Panel("Stages, p95", "s", (quantiles("freshet_stage_seconds_bucket", by="stage")[1],)),
            Panel("Searches", "reqps", (per_second("freshet_requests_total", "route, status", f"{{{ROUTES}}}"),)),
            Panel(
                "Found nothing",
                "percentunit",
                (
                    Line(
                        f'sum(rate(freshet_searches_total{{result="none"}}{RATE})) / '
                        f"sum(rate(freshet_searches_total{RATE}))",
                        "of all",
                    ),
                ),
            ),
            Panel("Helped by the ladder", "reqps", (per_second("freshet_fallback_total", "step"),)),
            Panel("Kept answers", "reqps", (per_second("freshet_answer_cache_total", "result"),)),
        ),
    ),
    (
        "What is missing or refused",
        (
            Panel("Left out of answers", "reqps", (per_second("freshet_degraded_total", "stage"),)),
            Panel("Turned away, too many", "reqps", (per_second("freshet_shed_total", "where"),)),
            Panel(
                "Errors, all routes",
                "reqps",
                (per_second("freshet_requests_total", "route, status", '{status=~"5.."}'),),
            ),
            Panel("Keys and limits", "reqps", (per_second("freshet_requests_refused_total", "reason"),)),
            Panel("The event loop is late", "s", (worst("freshet_loop_lag_seconds", "instance"),)),
        ),
    ),
    (
        "Dead letters and the door",
        (
            Panel(
                "Dead letters within an hour",
                "short",
                (
                    Line(
                        "sum by (stage, reason) (increase(freshet_dead_letters_total[1h])) > 0", "{{stage}} {{reason}}"
                    ),
                ),
            ),
            Panel("Events at the door", "reqps", (per_second("freshet_ingest_events_total", "result"),)),
            Panel("Clicks", "reqps", (per_second("freshet_clicks_total", "result"),)),
        ),
    ),
    (
        "Replicas and shards",
        (
            Panel(
                "How slow the tier takes them to be",
                "s",
                (worst("freshet_replica_latency_seconds", "partition, replica"),),
            ),
            Panel(
                "Questions that were not well answered",
                "reqps",
                (
                    per_second(
                        "freshet_shard_questions_total", "partition, replica, result", '{result=~"failed|overloaded"}'
                    ),
                ),
            ),
            Panel("Second questions", "reqps", (per_second("freshet_hedges_total", "result"),)),
            Panel(
                "Not as the log says",
                "short",
                (
                    Line("max by (partition) (freshet_replicas_differ)", "{{partition}} differ"),
                    Line("max by (partition) (freshet_replicas_out)", "{{partition}} out"),
                    Line("max by (partition) (freshet_replica_broken_off)", "{{partition}} broken off"),
                ),
            ),
            Panel("Rows", "short", (worst("freshet_shard_rows", "partition, kind"),)),
            Panel("Parts of the graphs", "short", (worst("freshet_shard_parts", "partition, kind"),)),
        ),
    ),
    (
        "Encoder",
        (
            Panel("Texts", "reqps", (per_second("freshet_texts_encoded_total", "process"),)),
            Panel("One batch, p95", "s", (quantiles("freshet_encode_seconds_bucket", by="process")[1],)),
            Panel("Query vectors", "reqps", (per_second("freshet_query_cache_total", "result"),)),
        ),
    ),
    (
        "Snapshots and machines",
        (
            Panel("Snapshots due", "short", (worst("freshet_snapshots_due", "partition"),), SNAPSHOTS_DUE),
            Panel("Age of the newest", "s", (worst("freshet_snapshot_age_seconds", "partition"),)),
            Panel(
                "Snapshots within an hour",
                "short",
                (Line("sum by (result) (increase(freshet_snapshots_total[1h]))", "{{result}}"),),
            ),
            Panel(
                "Free disk", "bytes", (worst("freshet_disk_free_bytes", "instance", "min"),), FREE_BYTES_MIN, below=True
            ),
            Panel("Memory", "bytes", (Line("process_resident_memory_bytes", "{{instance}}"),)),
            Panel("CPU", "short", (Line(f"rate(process_cpu_seconds_total{RATE})", "{{instance}}"),)),
        ),
    ),
)
