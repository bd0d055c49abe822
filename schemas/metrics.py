"""Every metric Freshet exposes, in one typed list: name, kind, unit and meaning."""

from dataclasses import dataclass
from typing import Literal

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Histogram buckets: from a cached answer (1 ms) to the longest wait an import may cause (30 s)."""
FRESH_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0)
"""Of freshness: from a price that comes alone to the hard limit that docs/alerts.md pages at (15 minutes)."""


@dataclass(frozen=True)
class Metric:
    name: str
    kind: Literal["counter", "gauge", "histogram"]
    meaning: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = SECONDS
    """Of a histogram, in seconds."""


METRICS: tuple[Metric, ...] = (
    Metric("freshet_build_info", "gauge", "1, for each process: what runs there", ("process", "version")),
    Metric("freshet_ready", "gauge", "1 while this process is ready for work, else 0"),
    Metric(
        "freshet_process_up",
        "gauge",
        "1 while a process is ready, 0 while it starts or does not answer, as the HTTP tier sees the workers of the "
        "setting `processes`, Kafka, Redis and itself",
        ("process",),
    ),
    Metric(
        "freshet_lag_records",
        "gauge",
        "Records that a step has not done yet, as the HTTP tier sees it: catalog, embed, documents, offers, clicks",
        ("step", "partition"),
    ),
    Metric(
        "freshet_lag_age_seconds",
        "gauge",
        "How long the oldest record has waited that a step has not done yet, as the HTTP tier sees it; 0 for what came "
        "since it was asked before, within a minute. A step whose process is dead has its age too, but for a shard "
        "that nobody hears of",
        ("step", "partition"),
    ),
    Metric("freshet_events_decided_total", "counter", "Catalogue events decided, by outcome", ("outcome",)),
    Metric("freshet_unknown_fields_total", "counter", "Unknown event fields that became attributes"),
    Metric("freshet_dead_letters_total", "counter", "Dead letters written, by stage and reason", ("stage", "reason")),
    Metric("freshet_transaction_seconds", "histogram", "One transaction from begin to commit, by agent", ("agent",)),
    Metric("freshet_batch_records", "gauge", "Records in the last batch, by agent", ("agent",)),
    Metric("freshet_position", "gauge", "Next input offset, by topic and partition", ("topic", "partition")),
    Metric("freshet_texts_encoded_total", "counter", "Texts that went through the encoder, by process", ("process",)),
    Metric(
        "freshet_encode_seconds",
        "histogram",
        "Embedding one batch, reading and writing it included, by process",
        ("process",),
    ),
    Metric("freshet_contents_coalesced_total", "counter", "Contents skipped because a newer one stood in the batch"),
    Metric("freshet_applied_total", "counter", "Records applied to a shard, by topic", ("topic",)),
    Metric("freshet_refused_records_total", "counter", "Records a shard refused, by reason", ("reason",)),
    Metric(
        "freshet_fresh_seconds",
        "histogram",
        "From the event's arrival in Kafka to searchable on this replica, by topic",
        ("topic",),
        FRESH_SECONDS,
    ),
    Metric("freshet_shard_rows", "gauge", "Rows of a shard, by partition and kind", ("partition", "kind")),
    Metric(
        "freshet_shard_parts",
        "gauge",
        "Parts of a shard, by kind: segments, heads, pending_merges",
        ("partition", "kind"),
    ),
    Metric(
        "freshet_shard_dead_share",
        "gauge",
        "Share of a shard's rows that are no longer a product's newest",
        ("partition",),
    ),
    Metric("freshet_merges_total", "counter", "Merges whose segment has come into place", ("partition",)),
    Metric("freshet_merged_rows_total", "counter", "Rows that merges have put into graphs", ("partition",)),
    Metric("freshet_merge_waits_total", "counter", "Merges that the writer had to wait for", ("partition",)),
    Metric("freshet_merge_wait_seconds_total", "counter", "How long the writer has waited for merges", ("partition",)),
    Metric(
        "freshet_merge_waiting_seconds",
        "gauge",
        "How long the writer has been waiting for a merge now; 0: it is not",
        ("partition",),
    ),
    Metric("freshet_builder_cpu_seconds_total", "counter", "CPU time of finished merges"),
    Metric("freshet_snapshot_seconds", "histogram", "Writing one snapshot"),
    Metric("freshet_snapshots_total", "counter", "Snapshots by result", ("result",)),
    Metric("freshet_snapshot_age_seconds", "gauge", "How old the newest snapshot of a shard is", ("partition",)),
    Metric(
        "freshet_snapshots_due",
        "gauge",
        "How many snapshots' worth of records came after the newest snapshot: at 1 the next one is due",
        ("partition",),
    ),
    Metric("freshet_disk_free_bytes", "gauge", "Free on the disk of this process's data folder"),
    Metric("freshet_snapshot_uploads_total", "counter", "Snapshots sent to the store, by result", ("result",)),
    Metric("freshet_snapshot_upload_bytes_total", "counter", "Bytes sent to the snapshot store"),
    Metric(
        "freshet_snapshot_store_failing",
        "gauge",
        "1 while the newest snapshot cannot be sent to the store, or the store not be looked at, else 0",
        ("partition",),
    ),
    Metric("freshet_scrubs_total", "counter", "Scrubs of a shard by result: same, differs", ("result",)),
    Metric("freshet_scrub_seconds", "gauge", "How long the last scrub took, by partition", ("partition",)),
    Metric(
        "freshet_replicas_differ",
        "gauge",
        "1 while replicas of a shard have different digests at the same offset, as the HTTP tier sees it",
        ("partition",),
    ),
    Metric(
        "freshet_shard_questions_total",
        "counter",
        "Questions to replicas by how they ended: good, failed (late and garbled too), overloaded, refused (a wrong "
        "question), overtaken (another replica was quicker)",
        ("partition", "replica", "result"),
    ),
    Metric(
        "freshet_hedges_total",
        "counter",
        "Second questions to shards because the first was slow: sent, won (it was the quicker one; counted under sent "
        "too), no_budget (not sent, FRESHET_HEDGE_SHARE was used up)",
        ("result",),
    ),
    Metric(
        "freshet_replica_broken_off",
        "gauge",
        "1 while a replica has failed so often that it is asked only when no other is left",
        ("partition", "replica"),
    ),
    Metric(
        "freshet_replica_latency_seconds",
        "gauge",
        "How slow the tier takes a replica to be: what it chooses by",
        ("partition", "replica"),
    ),
    Metric(
        "freshet_shed_total",
        "counter",
        "Refused at once because too much was under way: tier (searches), replica (questions)",
        ("where",),
    ),
    Metric("freshet_keys", "gauge", "Keys in the file of keys, those that are not valid any more too"),
    Metric(
        "freshet_keys_refused", "gauge", "1: the file of keys is wrong or gone, the keys read before it are in force"
    ),
    Metric(
        "freshet_requests_refused_total",
        "counter",
        "Requests that were not let in, by the code of the answer: key_required, key_unknown, key_expired, "
        "key_revoked, scope_missing, rate_limited and others (docs/keys.md)",
        ("reason",),
    ),
    Metric("freshet_connections", "gauge", "Connections of clients that are open"),
    Metric(
        "freshet_connections_cut_total",
        "counter",
        "Connections that were cut off: not_taken (the client took nothing of its answer for a minute), too_many",
        ("reason",),
    ),
    Metric("freshet_synonyms", "gauge", "Phrases that have synonyms"),
    Metric(
        "freshet_synonyms_refused", "gauge", "1: the file of synonyms is wrong, the ones read before it are in force"
    ),
    Metric(
        "freshet_at_least_total",
        "counter",
        "Partitions that were not to be older than a client had seen: reached, or late (named in `degraded`)",
        ("result",),
    ),
    Metric("freshet_searches_max", "gauge", "Searches that may be under way at once, as it follows from their times"),
    Metric(
        "freshet_replicas_out",
        "gauge",
        "Replicas of a shard that answer nothing because they do not hold what the log says, as the HTTP tier sees it",
        ("partition",),
    ),
    Metric("freshet_requests_total", "counter", "HTTP requests by route and status", ("route", "status")),
    Metric("freshet_request_seconds", "histogram", "HTTP requests by route", ("route",)),
    Metric("freshet_stage_seconds", "histogram", "Stages of a search", ("stage",)),
    Metric(
        "freshet_searches_total",
        "counter",
        "Searches by what they found: some (products), none (not one), unanswered (no shard answered: 503)",
        ("result",),
    ),
    Metric("freshet_degraded_total", "counter", "Stages left out of an answer", ("stage",)),
    Metric(
        "freshet_fallback_total",
        "counter",
        "Searches that found too little, by the step of the fallback ladder that gave their hits; none: no step did",
        ("step",),
    ),
    Metric("freshet_suggest_degraded_total", "counter", "Parts left out of suggestions", ("stage",)),
    Metric("freshet_query_cache_total", "counter", "Query vectors by where they came from", ("result",)),
    Metric(
        "freshet_ingest_events_total",
        "counter",
        "Catalogue events at the HTTP tier, InstantSearch's and dead letters that are sent again among them: accepted, "
        "rejected (something is wrong with it), held_back (the queue to Kafka is full), not_taken (by Kafka)",
        ("result",),
    ),
    Metric("freshet_ingest_clicks_total", "counter", "Clicks at the HTTP tier, by the same results", ("result",)),
    Metric(
        "freshet_clicks_total",
        "counter",
        "Clicks read by the session worker: counted, duplicate, expired (older than 30 minutes) or dead-lettered",
        ("result",),
    ),
    Metric("freshet_clicks_lag", "gauge", "Clicks that wait for the session worker, by partition", ("partition",)),
    Metric(
        "freshet_session_vectors_total",
        "counter",
        "Sessions of searches by their vector: kept in Redis, made again, none (nothing known), away",
        ("result",),
    ),
    Metric(
        "freshet_item_vectors_total",
        "counter",
        "Product vectors for sessions: from memory, from a shard, or absent (no such product)",
        ("result",),
    ),
    Metric(
        "freshet_answer_cache_total",
        "counter",
        "Searches whose answer could have been kept: hit, miss (it was not), stale (a shard has moved on, or too old)",
        ("result",),
    ),
    Metric("freshet_answer_cache_bytes", "gauge", "What kept answers take, in bytes"),
    Metric("freshet_popular_products", "gauge", "Products whose popularity the HTTP tier knows"),
    Metric("freshet_served_dropped_total", "counter", "Served-log records dropped rather than slowing a query"),
    Metric("freshet_served_total", "counter", "Served-log records by kind", ("kind",)),
    Metric("freshet_feed_listeners", "gauge", "Connections to the feed"),
    Metric("freshet_feed_events_total", "counter", "Feed events queued for listeners, by event", ("event",)),
    Metric("freshet_feed_dropped_total", "counter", "Listeners of the feed let go because they were too slow"),
    Metric("freshet_loop_lag_seconds", "gauge", "How late the event loop last ran its watchdog"),
    Metric("freshet_redis_up", "gauge", "1 when Redis answered last, else 0"),
)


class Metrics:
    """The metrics of one process, in its own registry. `metrics.counter("freshet_...").labels(...).inc()`."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._counters: dict[str, Counter] = {}
        self._gauges: dict[str, Gauge] = {}
        self._histograms: dict[str, Histogram] = {}
        for metric in METRICS:
            if metric.kind == "counter":
                self._counters[metric.name] = Counter(
                    metric.name, metric.meaning, metric.labels, registry=self.registry
                )
            elif metric.kind == "gauge":
                self._gauges[metric.name] = Gauge(metric.name, metric.meaning, metric.labels, registry=self.registry)
            else:
                self._histograms[metric.name] = Histogram(
                    metric.name, metric.meaning, metric.labels, registry=self.registry, buckets=metric.buckets
                )

    def counter(self, name: str) -> Counter:
        return self._counters[name]

    def gauge(self, name: str) -> Gauge:
        return self._gauges[name]

    def histogram(self, name: str) -> Histogram:
        return self._histograms[name]
