"""Guards of a shard process, each seen to hold and, turned off, seen to be missed."""

import errno
import itertools
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from agents.faults import Faults
from agents.health import Health
from agents.shard import Kept, ShardAgent, ShardSetup
from agents.shard_endpoint import ShardEndpoint
from agents.topics import Topics
from index_snapshots.apply import apply
from index_snapshots.builder import BuilderHere
from index_snapshots.restore import restore
from index_snapshots.snapshot import next_manifest
from schemas.errors import SettingsError, StateRefused
from schemas.filters import Filters
from schemas.metrics import Metrics
from tests.unit.index_snapshots.making import ORIGIN, document, logged, unit


def agent(folder: Path, faults: str = "") -> ShardAgent:
    producer: Any = SimpleNamespace()
    setup = ShardSetup("", Topics(1, 1), folder, 0, 20_000, 2, 9, 2, 0.98)
    return ShardAgent(setup, [ORIGIN], BuilderHere(), producer, Metrics(), Faults(faults), lambda: "lineage")


def test_two_processes_on_one_folder(tmp_path: Path) -> None:
    """C8."""
    first = agent(tmp_path)
    with pytest.raises(StateRefused, match="another process owns the shard folder"):
        agent(tmp_path)
    assert agent(tmp_path, "skip:owner:1").kept.keys() == first.kept.keys()


@pytest.mark.parametrize(("faults", "answered"), [("", 503), ("skip:catch-up:1", 200)])
async def test_one_that_has_not_caught_up_answers_nothing(tmp_path: Path, faults: str, answered: int) -> None:
    """D9."""
    endpoint = ShardEndpoint(agent(tmp_path, faults))
    async with TestClient(TestServer(endpoint.app(Health("shard", Metrics(), str, dict)))) as client:
        sku = await client.get("/skus/lamp?partition=0")
        searched = await client.post("/search", json={"partition": 0, "limit": 3, "budget_ms": 1_000})
        (state,) = (await (await client.get("/state")).json())["shards"]
    assert (sku.status, searched.status, state["ready"]) == (answered, answered, answered == 200)


def test_a_fault_that_there_is_not_is_refused() -> None:
    with pytest.raises(SettingsError, match="skip:GUARD:1"):
        Faults("leave:owner:1")


async def test_a_disk_that_is_full_in_a_snapshot(tmp_path: Path) -> None:
    """C3, at every point: the shard goes on, says so, and the snapshot before is whole; later there is space again."""
    one = agent(tmp_path)
    one.hurried.set()
    kept, steps = one.kept[0], itertools.count(1)
    fill(kept, 12)
    await one._snapshot(kept)
    before = kept.shard.view.digest_documents

    failed = True
    while failed:
        fill(kept, 1)
        one._step = full_at(next(steps))  # type: ignore[method-assign,assignment]
        with capture_logs() as lines:
            await one._snapshot(kept)
        failed = [line["event"] for line in lines] == ["snapshot not written"]
        restored = restore(kept.folder, ORIGIN, one._now_ms())
        assert restored.view is not None and not restored.damaged and restored.view.scrub()
        assert kept.shard.view.search(unit(1), 3, Filters()).found, "it serves"
        if restored.view.digest_documents != before:
            before = restored.view.digest_documents
            assert before == kept.shard.view.digest_documents
    assert next(steps) > 20 and before == kept.shard.view.digest_documents


@pytest.mark.parametrize(("faults", "damaged"), [("", False), ("skip:whole:1", True)])
async def test_without_whole_files_a_full_disk_leaves_a_damaged_snapshot(
    tmp_path: Path, faults: str, damaged: bool
) -> None:
    """C3's control: the disk is full as soon as the manifest is there, which it is to be only when it is whole."""
    one = agent(tmp_path, faults)
    one.hurried.set()
    kept = one.kept[0]
    fill(kept, 12)
    await one._snapshot(kept)
    fill(kept, 1)
    one._step = full_once_there(next_manifest(kept.folder))  # type: ignore[method-assign,assignment]
    with capture_logs() as lines:
        await one._snapshot(kept)
    assert [line["event"] for line in lines] == ["snapshot not written"]
    assert bool(restore(kept.folder, ORIGIN, one._now_ms()).damaged) == damaged


def full_once_there(path: Path) -> Callable[[int], None]:
    def step(number: int) -> None:
        if path.exists():
            raise OSError(errno.ENOSPC, "No space left on device")

    return step


def full_at(point: int) -> Callable[[int], None]:
    def step(number: int) -> None:
        if number == point:
            raise OSError(errno.ENOSPC, "No space left on device")

    return step


def fill(kept: Kept, count: int) -> None:
    """So many more products."""
    offset = kept.shard.view.offsets.documents
    records = [document(f"p{offset + at}", offset + at + 1, seed=offset + at) for at in range(count)]
    apply(logged("documents", records, offset), kept.shard)
