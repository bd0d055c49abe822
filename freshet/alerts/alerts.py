"""Every alert, in one typed list: `make docs` writes ops/alerts.yml from it, `freshet doctor` reads it as it is."""

from freshet.alerts.alert import Alert, Gauge, number
from freshet.alerts.thresholds import (
    DEAD_SHARE,
    DEGRADED_SHARE,
    ERROR_SHARE,
    FREE_BYTES_MIN,
    FRESH_S,
    MERGE_WAITING_S,
    OFFERS_FRESH_S,
    RESTARTS_MANY,
    SHED_SHARE,
    SNAPSHOTS_DUE,
    WAITED_S_HARD,
    WAITED_S_MAX,
)
from schemas.settings import ServingSettings, ShardSettings
from serving.watchdog import LATE_S

HELD_OFFERS_MAX: int = ShardSettings.model_fields["held_offers_max"].default
SEARCH_S_MAX: float = ServingSettings.model_fields["search_budget_ms"].default / 1000
ROUTES = 'route=~"/v1/search|/1/indexes/.*/quer(y|ies)"'
"""Of searches, InstantSearch's among them."""
PERCENT = "{{ $value | humanizePercentage }}"
SECONDS = "{{ $value | humanizeDuration }}"


def p95(metric: str, limit_s: float, where: str = "", minutes: int = 5) -> str:
    """The 95th percentile of a histogram in seconds, above a limit."""
    rate = f"rate({metric}_bucket{where}[{minutes}m])"
    return f"histogram_quantile(0.95, sum by (le) ({rate})) > {number(limit_s)}"


def share(part: str, whole: str, limit: float) -> str:
    """`part` of `whole`, both counters, above a limit; nothing where nothing is counted."""
    return f"sum(rate({part}[5m])) / sum(rate({whole}[5m])) > {number(limit)}"


def rises(counter: str, by: str, minutes: int) -> str:
    return f"sum by ({by}) (increase({counter}[{minutes}m])) > 0"


ALERTS: tuple[Alert, ...] = (
    # Is it there?
    Alert(
        "FreshetProcessDown",
        "critical",
        2,
        "{{ $labels.process }} does not answer, or has not become ready",
        Gauge("freshet_process_up", "<", 1, ("process",)),
        "processes",
    ),
    Alert(
        "FreshetNotReady",
        "critical",
        5,
        "the process at {{ $labels.instance }} runs and is not ready for work",
        Gauge("freshet_ready", "<", 1, ("instance",)),
        "processes",
    ),
    Alert(
        "FreshetNotScraped",
        "warning",
        5,
        "Prometheus gets no metrics from {{ $labels.instance }}",
        'up{job="freshet"} == 0',
    ),
    Alert(
        "FreshetRestarts",
        "warning",
        0,
        "the process at {{ $labels.instance }} was started again {{ $value }} times within half an hour",
        f'changes(process_start_time_seconds{{job="freshet"}}[30m]) >= {RESTARTS_MANY}',
        "processes",
    ),
    # Do shoppers find?
    Alert(
        "FreshetSearchErrors",
        "critical",
        5,
        f"{PERCENT} of the searches end with an error of the tier",
        share(f'freshet_requests_total{{{ROUTES},status=~"5.."}}', f"freshet_requests_total{{{ROUTES}}}", ERROR_SHARE),
    ),
    Alert(
        "FreshetSearchSlow",
        "warning",
        10,
        f"searches take {SECONDS} at p95, beyond their time",
        p95("freshet_request_seconds", SEARCH_S_MAX, f"{{{ROUTES}}}"),
    ),
    Alert(
        "FreshetSearchDegraded",
        "warning",
        5,
        f"{{{{ $labels.stage }}}} is left out of {PERCENT} of the answers",
        "sum by (stage) (rate(freshet_degraded_total[5m])) / ignoring (stage) group_left () "
        f"sum(rate(freshet_searches_total[5m])) > {number(DEGRADED_SHARE)}",
    ),
    Alert(
        "FreshetSearchShed",
        "warning",
        5,
        f"{PERCENT} of the searches are turned away: more come than can be answered in time",
        share('freshet_shed_total{where="tier"}', f"freshet_requests_total{{{ROUTES}}}", SHED_SHARE),
    ),
    Alert(
        "FreshetLoopLate",
        "warning",
        5,
        f"the event loop of {{{{ $labels.instance }}}} runs {SECONDS} late",
        Gauge("freshet_loop_lag_seconds", ">", LATE_S, ("instance",)),
        "alarms",
    ),
    Alert(
        "FreshetReplicaBrokenOff",
        "warning",
        5,
        "replica {{ $labels.replica }} of shard {{ $labels.partition }} fails so often that it is not asked",
        Gauge("freshet_replica_broken_off", ">", 0, ("partition", "replica")),
        "alarms",
    ),
    # Are changes live?
    Alert(
        "FreshetPricesStale",
        "warning",
        5,
        f"prices and stock take {SECONDS} at p95 until they are searchable",
        p95("freshet_fresh_seconds", OFFERS_FRESH_S, '{topic="offers"}'),
    ),
    Alert(
        "FreshetContentStale",
        "warning",
        10,
        f"products take {SECONDS} at p95 until they are searchable, longer than an import may cost",
        p95("freshet_fresh_seconds", FRESH_S, '{topic="documents"}'),
    ),
    Alert(
        "FreshetQueueOld",
        "warning",
        5,
        f"a record has waited {SECONDS} for {{{{ $labels.step }}}} in partition {{{{ $labels.partition }}}}",
        Gauge("freshet_lag_age_seconds", ">", WAITED_S_MAX, ("step", "partition")),
        "alarms",
    ),
    Alert(
        "FreshetQueueStuck",
        "critical",
        0,
        f"a record has waited {SECONDS} for {{{{ $labels.step }}}} in partition {{{{ $labels.partition }}}}",
        Gauge("freshet_lag_age_seconds", ">", WAITED_S_HARD, ("step", "partition")),
        "alarms",
    ),
    Alert(
        "FreshetDeadLetters",
        "warning",
        0,
        "dead letters of {{ $labels.stage }}, {{ $labels.reason }}: {{ $value | humanize }} within 15 minutes",
        rises("freshet_dead_letters_total", "stage, reason", 15),
    ),
    Alert(
        "FreshetManyDeadLetters",
        "critical",
        5,
        f"{PERCENT} of the events become dead letters: a feed or a deploy is wrong",
        share('freshet_dead_letters_total{stage=~"catalog|embed"}', "freshet_events_decided_total", DEAD_SHARE),
    ),
    Alert(
        "FreshetMergeLate",
        "warning",
        2,
        f"the writer of shard {{{{ $labels.partition }}}} has waited {SECONDS} for a merge",
        Gauge("freshet_merge_waiting_seconds", ">", MERGE_WAITING_S, ("partition",)),
        "alarms",
    ),
    Alert(
        "FreshetOffersHeld",
        "warning",
        10,
        "{{ $value | humanize }} offers of shard {{ $labels.partition }} wait for their documents",
        f'max by (partition) (freshet_shard_rows{{kind="held_offers"}}) > {HELD_OFFERS_MAX}',
    ),
    # Do the shards hold what the log says?
    Alert(
        "FreshetReplicasDiffer",
        "critical",
        1,
        "replicas of shard {{ $labels.partition }} hold different things at the same offset",
        Gauge("freshet_replicas_differ", ">", 0, ("partition",)),
        "replicas",
    ),
    Alert(
        "FreshetReplicaOut",
        "critical",
        0,
        "replicas of shard {{ $labels.partition }} that hold something else than the log says: {{ $value }}",
        Gauge("freshet_replicas_out", ">", 0, ("partition",)),
        "replicas",
    ),
    Alert(
        "FreshetScrubDiffers",
        "critical",
        0,
        "a scrub at {{ $labels.instance }} found that a shard has changed by itself",
        rises('freshet_scrubs_total{result="differs"}', "instance", 60),
        "replicas",
    ),
    # Would a start be quick, and lose nothing?
    Alert(
        "FreshetSnapshotsFail",
        "warning",
        0,
        "snapshots that could not be written at {{ $labels.instance }} within an hour: {{ $value | humanize }}",
        rises('freshet_snapshots_total{result="failed"}', "instance", 60),
    ),
    Alert(
        "FreshetSnapshotOld",
        "warning",
        15,
        "{{ $value | humanize }} snapshots' worth of records came to shard {{ $labels.partition }} without one",
        Gauge("freshet_snapshots_due", ">", SNAPSHOTS_DUE, ("partition",)),
        "alarms",
    ),
    Alert(
        "FreshetSnapshotStoreFails",
        "warning",
        15,
        "the newest snapshot of shard {{ $labels.partition }} does not reach the store",
        Gauge("freshet_snapshot_store_failing", ">", 0, ("partition",)),
        "alarms",
    ),
    Alert(
        "FreshetDiskFull",
        "critical",
        5,
        "{{ $value | humanize1024 }}B are free on the disk of {{ $labels.instance }}",
        Gauge("freshet_disk_free_bytes", "<", FREE_BYTES_MIN, ("instance",)),
        "disk",
    ),
    # What else must not go unnoticed?
    Alert(
        "FreshetIngestRefused",
        "critical",
        5,
        "Kafka does not take events, {{ $value | humanize }} a second",
        'sum(rate(freshet_ingest_events_total{result="not_taken"}[5m])) > 0',
    ),
    Alert(
        "FreshetServedDropped",
        "warning",
        0,
        "answers that are missing in the served log: {{ $value | humanize }} within 15 minutes",
        rises("freshet_served_dropped_total", "instance", 15),
    ),
    Alert(
        "FreshetKeysRefused",
        "critical",
        1,
        "the file of keys is damaged or gone; the keys read before it are in force",
        Gauge("freshet_keys_refused", ">", 0),
        "alarms",
    ),
    Alert(
        "FreshetSynonymsRefused",
        "warning",
        1,
        "the file of synonyms is wrong; the ones read before it are in force",
        Gauge("freshet_synonyms_refused", ">", 0),
        "alarms",
    ),
)
