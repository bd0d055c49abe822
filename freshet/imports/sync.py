"""Deletes the products that an imported file no longer holds."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from freshet.imports.importing import Import
from freshet.imports.live_skus import read_live
from freshet.imports.plan import ImportPlan
from freshet.imports.readers.rows import Row
from freshet.imports.rejected import RejectedFile
from freshet.imports.settling import Freshet, OutcomeFollower, TopicLog, settle
from freshet.imports.sku_set import SkuSet
from freshet.imports.sync_plan import NAMES_SHOWN, SyncPlan, plan_sync, refusal
from freshet.progress import Show
from schemas.errors import FreshetError
from schemas.records import EventId

LIST_ENDING = ".not-in-file.txt"


@dataclass(frozen=True)
class Deletes:
    """Delete events as the rows of a file. Each is superseded if its product has changed after `missing` was read."""

    path: Path
    missing: list[tuple[str, EventId]]
    format: str = "deletes"
    header: None = None

    @property
    def size_bytes(self) -> int:
        return len(self.missing)

    def rows(self) -> Iterator[Row]:
        for number, (sku, event) in enumerate(self.missing, start=1):
            yield Row(number, {"type": "delete", "sku": sku, "unchanged_since": str(event)}, bytes_read=number)


@dataclass(frozen=True)
class Shop:
    """What a sync talks to."""

    reader: TopicLog
    outcomes: OutcomeFollower
    door: Any
    generation: int
    partitions: int
    lag_s: float


async def sync(
    shop: Shop,
    listed: Path,
    in_file: SkuSet,
    began: dict[int, int],
    *,
    rejected: int,
    partly: str,
    force: bool,
    show: Show,
    stop: asyncio.Event,
    clock: Callable[[], float],
) -> dict[str, Any]:
    """Returns the figures that docs/import.md explains. The SKUs go to `listed` before anything is deleted."""
    live = await asyncio.to_thread(read_live, shop.reader, shop.generation, shop.partitions)
    plan = plan_sync(live, in_file, began)
    result: dict[str, Any] = {
        "live": plan.live,
        "missing": len(plan.missing),
        "left_alone": plan.left_alone,
        "first": [sku for sku, _ in plan.missing[:NAMES_SHOWN]],
        "list": _written(listed, plan),
        "refused": refusal(plan, products=len(in_file), rejected=rejected, partly=partly, force=force),
        "deleted": 0,
        "superseded": 0,
        "dead_lettered": 0,
        "rejected": 0,
        "rejected_file": None,
        "unaccounted": 0,
        "still_served": [],
    }
    if plan.missing and not result["refused"]:
        result |= await _delete(shop, Deletes(listed, plan.missing), show, stop, clock)
    return result


async def _delete(
    shop: Shop, deletes: Deletes, show: Show, stop: asyncio.Event, clock: Callable[[], float]
) -> dict[str, Any]:
    rejected = RejectedFile(deletes.path.with_suffix(".rejected.jsonl"))
    work = Import(ImportPlan(deletes, None, rejected, lag_s=shop.lag_s), shop.door, show, stop, clock)
    await work.run()
    door: Freshet = shop.door
    settled = await settle(work.ledger, work.sample, shop.outcomes, door, show=show, rejected=0, stop=stop, clock=clock)
    kinds = work.ledger.outcomes()
    return {
        "deleted": kinds["deleted"] + kinds["unchanged"],  # somebody else deleted it meanwhile
        "superseded": kinds["superseded"],
        "dead_lettered": kinds["dead-lettered"],
        "rejected": work.tally.rejected,
        "rejected_file": str(rejected.path) if work.tally.rejected else None,
        "unaccounted": work.ledger.unaccounted,
        "still_served": settled.missing,
    }


def _written(path: Path, plan: SyncPlan) -> str | None:
    """One SKU a line. Without it nothing is deleted: somebody may need to know what was."""
    if not plan.missing:
        return None
    try:
        path.write_text("".join(f"{sku}\n" for sku, _ in plan.missing), encoding="utf-8")
    except OSError as error:
        raise FreshetError(f"cannot write the list of products to delete to {path}: {error.strerror}") from error
    return str(path)
