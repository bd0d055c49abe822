"""Scrubs beside the work: slow, stoppable, loud when something has changed; then no snapshot replaces a whole one."""

import asyncio
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client import generate_latest
from structlog.testing import capture_logs

from agents import flips
from agents.faults import Faults
from agents.scrubbing import Scrubber
from agents.shard import Kept, ShardAgent, ShardSetup
from agents.shard_endpoint import ShardEndpoint
from agents.topics import Topics
from index_snapshots.apply import apply
from index_snapshots.builder import BuilderHere
from index_snapshots.checkpoints import CheckpointLog
from index_snapshots.gentle import SLEEP_S_MIN
from index_snapshots.protocol import Offsets
from index_snapshots.scrub import CHUNK_SLOTS
from schemas.errors import SettingsError
from schemas.metrics import Metrics
from tests.unit.index_snapshots.making import ORIGIN, content, document, logged, offer, shard
from tests.waiting import LIMIT_S


def kept(skus: int = 3, folder: Path = Path()) -> Kept:
    one = Kept(ORIGIN, folder, shard(), CheckpointLog(2, Offsets(0, 0)))
    red = content(attributes={"colour": "red"})
    apply(logged("documents", [document(str(i), i, of=red) for i in range(skus)]), one.shard, one.checkpoints)
    return one


def flip(one: Kept) -> None:
    bodies = one.shard.view.bodies.branches[0][0]
    bodies[1] = (bodies[1] or b"").replace(b"Lamp", b"Lamq")


def test_a_whole_shard_is_quiet_and_counted() -> None:
    metrics, one = Metrics(), kept()
    with capture_logs() as lines:
        Scrubber([one], 1.0, metrics, lambda: 77).one(one)
    assert one.scrubbed is not None and (one.scrubbed.skus, one.scrubbed.ended_ms) == (3, 77)
    assert (one.scrubbed.documents_offset, one.scrubbed.differing) == (3, [])
    assert [line["log_level"] for line in lines] == ["info"]
    assert b'freshet_scrubs_total{result="same"} 1.0' in generate_latest(metrics.registry)


def test_a_changed_one_is_an_error_that_names_partition_and_digest() -> None:
    metrics, one = Metrics(), kept()
    flip(one)
    with capture_logs() as lines:
        Scrubber([one], 1.0, metrics).one(one)
    (line,) = lines
    assert (line["log_level"], line["partition"], line["differing"]) == ("error", 0, ["documents"])
    page = generate_latest(metrics.registry)
    assert b'freshet_scrubs_total{result="differs"} 1.0' in page and b'freshet_scrub_seconds{partition="0"}' in page


class Pauses:
    """Stands for the event that ends a scrub: notes how long it would sleep, and how much it has worked."""

    def __init__(self, ends_after: int = 10**9) -> None:
        self.slept_s: list[float] = []
        self._ends_after = ends_after

    def wait(self, pause_s: float) -> bool:
        self.slept_s.append(pause_s)
        return self.is_set()

    def is_set(self) -> bool:
        return len(self.slept_s) >= self._ends_after


def test_it_sleeps_after_each_chunk_for_as_long_as_its_share_asks() -> None:
    one, pauses = kept(3 * CHUNK_SLOTS), Pauses()
    scrubber = Scrubber([one], 1.0, Metrics(), share=0.05)
    scrubber._stopped = pauses  # type: ignore[assignment]
    began_s = time.thread_time()
    scrubber.one(one)
    worked_s = time.thread_time() - began_s
    assert pauses.slept_s and all(pause >= SLEEP_S_MIN for pause in pauses.slept_s)
    assert sum(pauses.slept_s) <= 19 * worked_s


def test_one_that_is_stopped_says_nothing() -> None:
    one, pauses = kept(3 * CHUNK_SLOTS), Pauses(ends_after=2)
    scrubber = Scrubber([one], 1.0, Metrics(), share=1e-6)
    scrubber._stopped = pauses  # type: ignore[assignment]
    scrubber.one(one)
    assert one.scrubbed is None and len(pauses.slept_s) == 2


async def test_one_that_is_asked_for_begins_at_once_and_hurries() -> None:
    one = kept()
    scrubber = Scrubber([one], 3_600.0, Metrics(), share=1.0)
    running = asyncio.create_task(scrubber.forever())
    async with asyncio.timeout(LIMIT_S):
        while one.scrubbed is None:
            await asyncio.sleep(0.01)
        flip(one)
        scrubber.soon()
        while not one.damaged:
            await asyncio.sleep(0.01)
    scrubber.stop()
    running.cancel()
    pauses = Pauses()
    hurried = Scrubber([one], 1.0, Metrics(), share=1e-6)
    hurried._stopped = pauses  # type: ignore[assignment]
    hurried.soon()
    began_s = time.thread_time()
    hurried.one(one)
    assert sum(pauses.slept_s) <= time.thread_time() - began_s


async def test_it_goes_on_until_it_is_stopped_also_after_one_that_failed() -> None:
    whole, broken = kept(), Kept(ORIGIN, Path(), SimpleNamespace(view=None), CheckpointLog(1, Offsets(0, 0)))  # type: ignore[arg-type]
    scrubber = Scrubber([broken, whole], 0.0, Metrics(), share=1.0)
    with capture_logs() as lines:
        running = asyncio.create_task(scrubber.forever())
        async with asyncio.timeout(LIMIT_S):
            while sum(line["event"] == "scrubbed" for line in lines) < 2:
                await asyncio.sleep(0.01)
            scrubber.stop()
            await running
    assert sum(line["event"] == "scrub not finished" for line in lines) >= 2


def files_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def agent(tmp_path: Path) -> ShardAgent:
    producer: Any = SimpleNamespace()
    setup = ShardSetup("", Topics(1, 1), tmp_path, 0, 20_000, 2, 9, 2, 0.98)
    return ShardAgent(setup, [], BuilderHere(), producer, Metrics(), Faults(), str)


async def test_a_damaged_state_is_not_written_over_whole_snapshots(agent: ShardAgent, tmp_path: Path) -> None:
    one = kept(folder=tmp_path)
    scrubber = Scrubber([one], 1.0, Metrics())
    scrubber.one(one)
    await agent._snapshot(one)
    files = files_in(tmp_path)
    assert any(name.startswith("manifest") for name in files)
    flip(one)
    scrubber.one(one)
    with capture_logs() as lines:
        await agent._snapshot(one)
    assert files_in(tmp_path) == files
    assert "documents changed" in lines[0]["error"]


def test_the_state_tells_of_checkpoints_and_of_the_last_scrub(agent: ShardAgent) -> None:
    one = kept()
    agent.kept[0] = one
    endpoint = ShardEndpoint(agent)
    state = endpoint._state(0)
    assert state["scrub"] is None
    assert [point["offset"] for point in state["checkpoints"]["documents"]] == [1, 3]
    assert state["checkpoints"]["documents"][-1]["digest"] == state["digest_documents"]
    Scrubber([one], 1.0, Metrics()).one(one)
    assert endpoint._state(0)["scrub"]["skus"] == 3


@pytest.mark.parametrize("place", ["column", "body", "vector", "code", "facet"])
def test_the_drill_changes_one_bit_where_it_is_told_to(place: str) -> None:
    one, faults = kept(), Faults(f"flip:{place}:2")
    assert faults.flips() == []
    assert faults.flips() == [place] and faults.flips() == []
    apply(logged("offers", [offer("0", 0)]), one.shard)
    flips.flip(one.shard.view, place)
    Scrubber([one], 1.0, Metrics()).one(one)
    assert one.scrubbed is not None
    assert one.scrubbed.differing == ["offers" if place == "column" else "documents"]


def test_a_place_that_there_is_not_is_refused() -> None:
    with pytest.raises(SettingsError, match="'mind'"):
        flips.flip(kept().shard.view, "mind")
