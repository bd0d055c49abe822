"""What the HTTP tier says: how far each step is, how fresh, how much there is."""

from collections.abc import Iterable, Mapping
from typing import Any

from freshet.http_page import Page
from freshet.status.report import CountStatus, FreshnessStatus, StepStatus
from freshet.status.standing import applied

STEPS = (
    ("catalog", "catalog_lag"),
    ("embed", "contents_lag"),
    ("documents", "documents_lag"),
    ("offers", "offers_lag"),
)


def steps(freshness: Page, status: Page, health: Mapping[str, Page]) -> list[StepStatus]:
    """By partition and step. Lags from `/v1/freshness`; offsets from `/v1/status` and the workers' health pages."""
    offsets = {**_worker_offsets(health), **_shard_offsets(status.body.get("replicas", []))}
    found = []
    for partition in freshness.body.get("partitions", []):
        number = int(partition["partition"])
        found += [
            StepStatus(step=step, partition=number, offset=offsets.get((step, number)), lag=partition.get(name))
            for step, name in STEPS
        ]
    return found


def freshness_of(page: Page) -> FreshnessStatus | None:
    if page.status != 200:
        return None
    said = page.body
    return FreshnessStatus(
        p50_s=said.get("fresh_p50_s"),
        p95_s=said.get("fresh_p95_s"),
        events=said.get("fresh_n", 0),
        events_per_s=said.get("events_per_s", 0.0),
    )


def counts(page: Page) -> CountStatus | None:
    """Rows and held offers over one replica of each partition: the one with the most applied."""
    if page.status != 200:
        return None
    freshest: dict[int, dict[str, Any]] = {}
    for replica in page.body.get("replicas", []):
        before = freshest.get(replica["state"]["partition"])
        if before is None or applied(replica) > applied(before):
            freshest[replica["state"]["partition"]] = replica
    return CountStatus(
        products=page.body.get("products", 0),
        rows=sum(replica["rows"] for replica in freshest.values()),
        held_offers=sum(replica["held_offers"] for replica in freshest.values()),
    )


def _shard_offsets(replicas: Iterable[Mapping[str, Any]]) -> dict[tuple[str, int], int]:
    """Of several replicas the one furthest behind, as the lags have it."""
    offsets: dict[tuple[str, int], int] = {}
    for replica in replicas:
        state = replica["state"]
        for step in ("documents", "offers"):
            place = (step, int(state["partition"]))
            offsets[place] = min(offsets.get(place, state[f"{step}_offset"]), state[f"{step}_offset"])
    return offsets


def _worker_offsets(health: Mapping[str, Page]) -> dict[tuple[str, int], int]:
    """`embed`, `embed-1` ...: each tells of the partitions it owns."""
    return {
        (name.split("-")[0], int(partition)): int(offset)
        for name, page in health.items()
        if name.split("-")[0] in ("catalog", "embed")
        for partition, offset in (page.body.get("next_offsets") or {}).items()
    }
