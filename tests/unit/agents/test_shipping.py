"""Snapshots go to the store behind the shard's back, and an empty shard starts from there."""

import asyncio
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from structlog.testing import capture_logs

from agents.first_snapshot import first_view
from agents.shard import Kept
from agents.shipping import Shipper, ShipPlan
from index_snapshots.checkpoints import CheckpointLog
from index_snapshots.folder import Known, remove_state
from index_snapshots.manifest import Origin
from index_snapshots.protocol import Offsets
from index_snapshots.shelf import Shelf
from index_snapshots.snapshot import write
from index_snapshots.store_folder import FolderStore
from schemas.errors import StateRefused
from schemas.metrics import Metrics
from tests.unit.index_snapshots.making import ORIGIN
from tests.unit.index_snapshots.storing import NOW_MS, changed, filled, flip
from tests.waiting import LIMIT_S


@pytest.fixture
def there(tmp_path: Path) -> Path:
    (tmp_path / "there").mkdir()
    return tmp_path / "there"


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    folder = tmp_path / "shard"
    folder.mkdir()
    one = Kept(ORIGIN, folder, filled(), CheckpointLog(2, Offsets(0, 0)))
    snapshot(one)
    return one


def snapshot(one: Kept) -> None:
    write(one.shard.view, one.folder, ORIGIN, keep=2, now_ms=NOW_MS)
    one.written.set()


def one_of(there: Path, part: str) -> Path:
    return next(there.rglob(f"*-{part}"))


def shipper(one: Kept, there: Path, metrics: Metrics | None = None) -> Shipper:
    return Shipper([one], FolderStore(there), ShipPlan(2), metrics or Metrics(), lambda: 77)


def test_the_newest_snapshot_is_sent_once(kept: Kept, there: Path) -> None:
    metrics = Metrics()
    ships = shipper(kept, there, metrics)
    assert ships.one(kept) and ships.one(kept)
    assert kept.in_store is not None and kept.in_store.documents_offset == 24 and kept.in_store.stored_ms == 77
    page = generate_latest(metrics.registry)
    assert b'freshet_snapshot_uploads_total{result="stored"} 1.0' in page
    changed(kept.shard)
    snapshot(kept)
    assert ships.one(kept) and kept.in_store.documents_offset == 27
    assert len(Shelf.of(FolderStore(there), ORIGIN).manifests()) == 2


def test_a_store_that_fails_only_alarms(kept: Kept, there: Path) -> None:
    metrics = Metrics()
    ships = shipper(kept, there / "away", metrics)
    with capture_logs() as lines:
        assert not ships.one(kept) and not ships.one(kept)
    assert {line["log_level"] for line in lines} == {"error"} and "there is no folder" in lines[0]["error"]
    assert kept.in_store is not None and kept.in_store.failing and kept.in_store.failing_since_ms == 77
    page = generate_latest(metrics.registry)
    assert b'freshet_snapshot_store_failing{partition="0"} 1.0' in page
    assert b'freshet_snapshot_uploads_total{result="failed"} 2.0' in page
    (there / "away").mkdir()
    assert ships.one(kept) and kept.in_store.failing == ""
    assert b'freshet_snapshot_store_failing{partition="0"} 0.0' in generate_latest(metrics.registry)


def test_a_damaged_snapshot_is_named_and_not_sent(kept: Kept, there: Path) -> None:
    flip(next(kept.folder.glob("*-states")))
    with capture_logs() as lines:
        assert not shipper(kept, there).one(kept)
    assert "-states is damaged" in lines[0]["error"] and Shelf.of(FolderStore(there), ORIGIN).manifests() == []


async def test_each_snapshot_is_followed_by_its_upload(kept: Kept, there: Path) -> None:
    ships, shelf = shipper(kept, there), Shelf.of(FolderStore(there), ORIGIN)
    running = asyncio.create_task(ships.forever())
    try:
        async with asyncio.timeout(LIMIT_S):
            for count in (1, 2):
                while len(shelf.manifests()) < count:
                    await asyncio.sleep(0.01)
                changed(kept.shard)
                snapshot(kept)
    finally:
        running.cancel()
        ships.stop()
    assert not ships.one(kept) or len(shelf.manifests()) <= 3


async def test_what_the_store_loses_or_damages_is_sent_again(kept: Kept, there: Path) -> None:
    """`freshet snapshot verify --store` leaves a note of what is damaged; what is missing is seen by itself."""
    metrics, store = Metrics(), FolderStore(there)
    ships, shelf = Shipper([kept], store, ShipPlan(2, check_s=0.01), metrics), Shelf.of(store, ORIGIN)
    running = asyncio.create_task(ships.forever())
    try:
        async with asyncio.timeout(LIMIT_S):
            while not shelf.manifests():
                await asyncio.sleep(0.01)
            (name,) = shelf.manifests()
            one_of(there, "states.zst").unlink()
            flip(one_of(there, "heads"))
            with capture_logs() as lines:
                while shelf.look(name, every_byte=True).damages or shelf.contents().damaged:
                    await asyncio.sleep(0.01)
                while "snapshot mended in the store" not in {line["event"] for line in lines}:
                    await asyncio.sleep(0.01)
    finally:
        running.cancel()
        ships.stop()
    assert b'freshet_snapshot_uploads_total{result="mended"}' in generate_latest(metrics.registry)


async def test_now_and_then_every_byte_is_read_back(kept: Kept, there: Path) -> None:
    store = FolderStore(there)
    ships = Shipper([kept], store, ShipPlan(2, check_s=0.01, scrub_s=0.01), Metrics())
    running, shelf = asyncio.create_task(ships.forever()), Shelf.of(store, ORIGIN)
    try:
        async with asyncio.timeout(LIMIT_S):
            while not shelf.manifests():
                await asyncio.sleep(0.01)
            path = one_of(there, "heads")
            flip(path)
            damaged = path.read_bytes()
            while path.read_bytes() == damaged:
                await asyncio.sleep(0.01)
    finally:
        running.cancel()
        ships.stop()
    assert not shelf.look(shelf.manifests()[0], every_byte=True).damages


def test_a_look_that_fails_alarms_until_one_is_well(kept: Kept, there: Path, tmp_path: Path) -> None:
    metrics = Metrics()
    ships = shipper(kept, there, metrics)
    assert ships.one(kept) and ships.check(kept, every_byte=False)
    there.rename(tmp_path / "away")
    with capture_logs() as lines:
        assert not ships.check(kept, every_byte=False)
    assert lines[0]["log_level"] == "error" and kept.in_store is not None and kept.in_store.failing
    (tmp_path / "away").rename(there)
    assert ships.check(kept, every_byte=False) and kept.in_store.failing == "" and kept.in_store.snapshot
    assert b'freshet_snapshot_store_failing{partition="0"} 0.0' in generate_latest(metrics.registry)


def test_a_process_that_ends_breaks_off_what_it_sends(kept: Kept, there: Path) -> None:
    ships = shipper(kept, there)
    ships._stopped.wait = lambda seconds=None: True  # type: ignore[method-assign, assignment]
    blocks = ships._pace.through([b"1", b"2"])
    assert next(blocks) == b"1"
    ships.stop()
    with pytest.raises(Exception, match="this process ends"):
        next(blocks)
    with capture_logs() as lines:
        assert ships.one(kept)
    assert lines == [] and Shelf.of(FolderStore(there), ORIGIN).manifests() == []


def test_an_empty_folder_starts_from_the_store(kept: Kept, there: Path, tmp_path: Path) -> None:
    store = FolderStore(there)
    shipper(kept, there).one(kept)
    folder = tmp_path / "new"
    folder.mkdir()
    with capture_logs() as lines:
        view = first_view(folder, ORIGIN, store, NOW_MS, Known())
    assert view is not None and view.digest_documents == kept.shard.view.digest_documents
    assert view.identity.lineage == kept.shard.view.identity.lineage
    assert [line["event"] for line in lines] == ["snapshot fetched", "snapshot restored"]
    with capture_logs() as lines:
        assert first_view(folder, ORIGIN, store, NOW_MS, Known()) is not None
    assert [line["event"] for line in lines] == ["snapshot restored"], "its own snapshot comes first"


def test_own_snapshots_that_are_damaged_are_replaced_from_the_store(kept: Kept, there: Path) -> None:
    shipper(kept, there).one(kept)
    flip(next(kept.folder.glob("*-states")))
    with capture_logs() as lines:
        view = first_view(kept.folder, ORIGIN, FolderStore(there), NOW_MS, Known())
    assert view is not None and view.offsets.documents == 24
    assert [line["event"] for line in lines] == ["snapshot damaged", "snapshot fetched", "snapshot restored"]


def test_what_is_damaged_in_the_store_is_named(kept: Kept, there: Path, tmp_path: Path) -> None:
    shipper(kept, there).one(kept)
    flip(next(there.rglob("*-heads")))
    (tmp_path / "new").mkdir()
    with capture_logs() as lines:
        assert first_view(tmp_path / "new", ORIGIN, FolderStore(there), NOW_MS, Known()) is None
    assert [line["event"] for line in lines] == [
        "snapshot damaged",
        "the store holds no snapshot of this shard",
        "no snapshot, building from the log",
    ]
    assert "-heads" in lines[0]["error"]


@pytest.mark.parametrize("away", [True, False])
def test_without_a_store_that_answers_or_has_it_the_log_is_read(there: Path, tmp_path: Path, away: bool) -> None:
    (tmp_path / "new").mkdir()
    with capture_logs() as lines:
        assert (
            first_view(tmp_path / "new", ORIGIN, FolderStore(there / "x" if away else there), NOW_MS, Known()) is None
        )
    assert lines[0]["log_level"] == ("error" if away else "info")
    assert lines[-1]["event"] == "no snapshot, building from the log"


def test_a_shard_that_is_to_be_built_from_the_log_leaves_the_store_aside(kept: Kept, there: Path) -> None:
    store = FolderStore(there)
    shipper(kept, there).one(kept)
    remove_state(kept.folder, from_log=True)
    assert first_view(kept.folder, ORIGIN, store, NOW_MS, Known()) is None
    remove_state(kept.folder)
    assert first_view(kept.folder, ORIGIN, store, NOW_MS, Known()) is not None


def test_state_of_another_cluster_is_refused_whatever_the_store_has(kept: Kept, there: Path) -> None:
    shipper(kept, there).one(kept)
    other = ORIGIN.model_copy(update={"cluster_id": "another"})
    with pytest.raises(StateRefused, match="cluster_id"):
        first_view(kept.folder, Origin.model_validate(other.model_dump()), FolderStore(there), NOW_MS, Known())
