"""What the tier's `/metrics` shows beside what is counted: how everything stands at the moment it is asked."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from schemas.errors import FreshetError
from serving.lags import PartitionLag
from serving.parts import Wiring
from serving.readiness import Readiness

STEPS = (
    ("catalog", "catalog_lag"),
    ("embed", "contents_lag"),
    ("documents", "documents_lag"),
    ("offers", "offers_lag"),
    ("clicks", "clicks_lag"),
)
"""What reads which lag of `PartitionLag`."""
STEP_OF = {"catalog": "catalog", "contents": "embed", "documents": "documents", "offers": "offers"}
"""The step that waits in a topic."""


async def show(wiring: Wiring, ready: Readiness) -> None:
    wiring.metrics.gauge("freshet_build_info").labels("serving", wiring.version).set(1)
    wiring.metrics.gauge("freshet_ready").set(ready.ready)
    wiring.metrics.gauge("freshet_redis_up").set(wiring.hints.up)
    wiring.metrics.gauge("freshet_searches_max").set(wiring.searching.inside_max)
    for process in wiring.processes.now().processes:
        wiring.metrics.gauge("freshet_process_up").labels(process.name).set(process.state == "up")
    show_replicas(wiring)
    for partition in wiring.shards.partitions:
        differing = any(one.partition == partition for one in wiring.watch.judge.differences)
        wiring.metrics.gauge("freshet_replicas_differ").labels(partition).set(differing)
        out = sum(one.out for one in wiring.watch.judge.faulty if one.partition == partition)
        wiring.metrics.gauge("freshet_replicas_out").labels(partition).set(out)
    await show_lags(wiring)


def show_replicas(wiring: Wiring) -> None:
    """Anew, so that a replica that is gone is not shown any more."""
    broken = wiring.metrics.gauge("freshet_replica_broken_off")
    latency = wiring.metrics.gauge("freshet_replica_latency_seconds")
    broken.clear()
    latency.clear()
    for partition in wiring.shards.partitions:
        for one in wiring.shards.router.replicas(partition):
            broken.labels(partition=partition, replica=one.name).set(one.broken)
            latency.labels(partition=partition, replica=one.name).set(one.latency.cost(0))


async def show_lags(wiring: Wiring) -> None:
    """Anew, so that what is gone or is not told any more stands still nowhere: a shard, or all while Kafka is away."""
    records, ages = wiring.metrics.gauge("freshet_lag_records"), wiring.metrics.gauge("freshet_lag_age_seconds")
    measured: Sequence[PartitionLag] = ()
    ages_s: Mapping[tuple[str, int], float] = {}
    with suppress(FreshetError):
        measured = (await wiring.freshness.now()).partitions
        ages_s = await wiring.freshness.ages_s(wiring.wall_ms())
    records.clear()
    ages.clear()
    for lag in measured:
        for step, name in STEPS:
            behind = getattr(lag, name)
            if behind is not None:
                records.labels(step, lag.partition).set(behind)
    for (topic, partition), age_s in ages_s.items():
        ages.labels(STEP_OF[topic], partition).set(age_s)
