"""A replay beside live traffic: it reads at its rate, goes last, and touches nothing but its own folder."""

import asyncio
import hashlib
import os
import random
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from freshet.replay_room import clear
from index_snapshots.folder import owned
from index_snapshots.pace import Pace
from index_snapshots.protocol import Offsets
from index_snapshots.store_folder import FolderStore
from replay.answers.replaying import replay
from replay.answers.slices import slice_of
from replay.beside import PacedCopy, PacedLog, PacedStore
from replay.shards.rebuilding import SHARDS_MAX, Shard
from replay.shards.stops import Stop
from schemas.errors import StateRefused, Unavailable
from tests.unit.replay.live_shop import LONG_S, Shop
from tests.unit.serving.fakes import FakeReader


def paced(slept: list[float]) -> Pace:
    """A megabyte a second, on a clock that stands still."""
    return Pace(1.0, lambda: 0.0, slept.append)


async def test_the_log_the_store_and_copies_are_read_at_a_rate(tmp_path: Path) -> None:
    log, slept = FakeReader(), list[float]()
    for _ in range(8):
        log.send("documents", b"", bytes(500_000), 0)
    log_paced, pace = PacedLog(log, paced(slept)), paced([])
    assert sum(map(len, log_paced.read("documents", 0, 0, batch=1))) == 8
    assert max(slept) == pytest.approx(4.0)
    (tmp_path / "one").write_bytes(bytes(3_000_000))
    for read in (
        lambda pace: PacedCopy(pace)(tmp_path / "one", tmp_path / "copy"),
        lambda pace: [*PacedStore(FolderStore(tmp_path), pace).get("one")],
    ):
        slept.clear()
        read(paced(slept))
        assert max(slept) == pytest.approx(3.0)
    assert (tmp_path / "copy").stat().st_size == 3_000_000
    store = PacedStore(FolderStore(tmp_path), pace)
    for write in (lambda: store.put("x", [b""], 0), lambda: store.put_new("x", b""), lambda: store.remove("one")):
        with pytest.raises(Unavailable, match="a replay"):
            write()


def test_it_goes_last_and_on_one_core() -> None:
    code = (
        "import os; from replay.going_last import go_last; go_last(); print(os.nice(0), len(os.sched_getaffinity(0)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["19", "1"]


def every_file(folder: Path) -> dict[str, tuple[int, int, str]]:
    """By name: which file it is, when it was written, and what it holds."""
    return {
        str(path.relative_to(folder)): (
            path.stat().st_ino,
            path.stat().st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in folder.rglob("*")
        if path.is_file()
    }


async def test_a_shard_in_use_is_never_touched(shop: Shop, tmp_path: Path) -> None:
    """Its process owns the folder, a replay takes a snapshot out of it and goes on; then the shard does too."""
    rng = random.Random(1)
    for number in range(4):
        shop.churn(40, rng)
        shop.follow()
        assert shop.live.words.wait(shop.live.shard.view.offsets.documents, LONG_S)
        if number == 1:
            shop.live.snapshot()
        await shop.search("red lamp", facets=["brand"])
    records, own = await shop.records(), tmp_path / "replay"
    own.mkdir()
    with owned(shop.live.folder):
        before = every_file(tmp_path)
        made = await asyncio.to_thread(lambda: list(replay(records[2:], shop.rebuilding(own))))
        after = every_file(tmp_path)
    assert [one.verdict for one in made] == ["equal"] * 2 and str(shop.live.folder) in made[0].rebuilt[0]
    written = {name for name in after if name not in before}
    assert written and {name.partition("/")[0] for name in written} == {"replay"}
    assert {name: after[name] for name in before} == before
    shop.churn(40, rng)
    shop.follow()
    assert shop.live.shard.view.offsets.documents == shop.log.begin_end("documents", 0)[1]


async def test_only_so_many_shards_are_rebuilt_at_once(shop: Shop, tmp_path: Path) -> None:
    shop.churn(5, random.Random(1))
    asked = {Shard(0, f"lineage {number}"): [Stop(Offsets(1, 1))] for number in range(SHARDS_MAX + 1)}
    with ExitStack() as closing, pytest.raises(StateRefused, match="33 shards would be rebuilt"):
        shop.rebuilding(tmp_path / "again").ways(asked, closing)


def logged(number: int) -> Any:
    heard: Any = SimpleNamespace(heard=object())
    name = f"{number:010}"
    return SimpleNamespace(request_id=name, inputs=heard, not_replayable="", encode=name.encode)


def test_a_slice_takes_so_many_bytes_whatever_its_order() -> None:
    records = [logged(number) for number in range(50)]
    room = sum(map(len, slice_of(records, 10).drawn)) + 1
    drawn = slice_of(records, bytes_max=room).drawn
    assert len(drawn) == 10 == len(set(drawn))
    assert slice_of(reversed(records), bytes_max=room).drawn == drawn == slice_of(records, 10).drawn


def test_what_a_killed_replay_left_goes_with_the_next_one(tmp_path: Path) -> None:
    now_s = 1_700_000_000.0
    for name, age_s in (("tmp-in-use", 900), ("tmp-left", 900), ("tmp-just-made", 1), ("page-1", 900)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "lock").touch()
        os.utime(tmp_path / name, (now_s - age_s, now_s - age_s))
    with owned(tmp_path / "tmp-in-use"):
        clear(tmp_path, now_s)
    assert {path.name for path in tmp_path.iterdir()} == {"tmp-in-use", "tmp-just-made", "page-1"}
