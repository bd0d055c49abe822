"""Answers in a file: made again from it alone, without names of sessions; what is damaged or too large is refused."""

import asyncio
import json
import random
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from freshet.run_replay_bundle import EACH_MAX, BundleOptions, opened_lines, replay_bundle
from replay.answers.replaying import Replayed, replay
from replay.answers.slices import slice_of, unpacked
from replay.bundles.contents import ANSWERS_MAX, SERVED
from replay.bundles.opening import opened, unpack
from replay.bundles.packing import pack, write_tar
from schemas.errors import InvalidRequest, StateRefused, Unavailable
from tests.unit.replay.live_shop import LONG_S, Shop, shop_of, tier

SESSION = "shopper-of-flat-7"


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """Three answers: of before a snapshot, of its state, and of after it."""
    async with tier() as running:
        made, rng = shop_of(running, tmp_path / "live"), random.Random(1)
        for _ in range(3):
            made.churn(30, rng)
            made.follow()
            assert made.live.words.wait(made.live.shard.view.offsets.documents, LONG_S)
            await made.search("red lamp", facets=["brand"], session=SESSION)
            if made.orders == 60:
                made.live.snapshot()
        yield made
        made.live.words.close()


async def packed(shop: Shop, folder: Path, first: int = 0) -> Path:
    """Of the answers from `first` on."""
    records, content = (await shop.records())[first:], folder / "content"
    content.mkdir(parents=True)
    await asyncio.to_thread(pack, records, shop.rebuilding(folder / "work"), content, b"salt")
    write_tar(content, folder / "bundle.tar.gz")
    return folder / "bundle.tar.gz"


def made_again(file: Path, folder: Path) -> list[Replayed]:
    unpack(file, folder / "there")
    found = opened(folder / "there", folder / "rebuilt")
    return list(replay(found.records, found.rebuilding))


@pytest.mark.parametrize(("first", "where"), [(1, "the bundle (base/0)"), (0, "the log from its beginning")])
async def test_answers_are_equal_from_the_file_alone(shop: Shop, tmp_path: Path, first: int, where: str) -> None:
    """By a snapshot where one leads there; the shop's log and folders are gone."""
    file = await packed(shop, tmp_path / "here", first)
    shop.log.begins |= {("documents", 0): 10**6, ("offers", 0): 10**6}
    made = await asyncio.to_thread(made_again, file, tmp_path / "elsewhere")
    assert [(one.verdict, one.differences) for one in made] == [("equal", ())] * (3 - first)
    assert where in made[-1].rebuilt[0]


def contents(folder: Path) -> bytes:
    return b"".join(one.read_bytes() for one in folder.rglob("*") if one.is_file())


async def test_no_session_is_named_and_one_is_the_same_everywhere(shop: Shop, tmp_path: Path) -> None:
    file = await packed(shop, tmp_path / "here")
    unpack(file, tmp_path / "there")
    assert SESSION.encode() not in contents(tmp_path / "there")
    found = opened(tmp_path / "there", tmp_path / "work")
    (name,) = {one.session for one in found.records}
    heard = [one.inputs.heard for one in found.records if one.inputs and one.inputs.heard]
    assert {one.asked.session for one in heard} == {name} and (name or "").startswith("session-")


async def test_what_is_damaged_is_refused(shop: Shop, tmp_path: Path) -> None:
    unpack(await packed(shop, tmp_path / "here", 1), tmp_path / "there")
    for what in ("bundle.json", SERVED, "log/documents-0.jsonl", "base/0/manifest-*"):
        (path,) = (tmp_path / "there").glob(what)
        whole = path.read_bytes()
        path.write_bytes(whole[:-40])
        with pytest.raises(StateRefused, match="damaged"):
            read_all(tmp_path / "there", tmp_path / "work")
        path.write_bytes(whole)
    read_all(tmp_path / "there", tmp_path / "work")


def read_all(folder: Path, work: Path) -> None:
    log = opened(folder, work).rebuilding.place.open_log()
    begin, end = log.begin_end("documents", 0)
    assert sum(map(len, log.read("documents", 0, begin))) == end - begin


async def test_a_slice_is_equal_where_nothing_else_is(shop: Shop, tmp_path: Path) -> None:
    """By the command, in an empty home and environment."""
    drawn = [unpacked(one) for one in slice_of(await shop.records(), 2).drawn]
    content, home = tmp_path / "content", tmp_path / "home"
    content.mkdir()
    home.mkdir()
    await asyncio.to_thread(pack, drawn, shop.rebuilding(tmp_path / "work"), content, b"salt")
    write_tar(content, tmp_path / "slice.tar.gz")
    done = await asyncio.to_thread(opened_alone, tmp_path / "slice.tar.gz", home)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["equal"] == len(told["answers"]) == 2
    assert {path.name for path in home.rglob("*") if path.is_file()} == set()


def opened_alone(file: Path, home: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "freshet", "replay", "open", str(file), "--json"]
    environ = {"HOME": str(home), "TMPDIR": str(home)}
    return subprocess.run(command, cwd=home, env=environ, capture_output=True, text=True, check=False)


def of_ids(*ids: str, begin: str = "") -> BundleOptions:
    return BundleOptions(ids, begin, "", 10, Path("file"))


def test_a_bundle_is_of_answers_or_of_a_span_and_has_so_many_at_most(tmp_path: Path) -> None:
    ids = [f"r{number}" for number in range(ANSWERS_MAX + 1)]
    for options, says in ((of_ids(), "ids, or a span"), (of_ids("r1", begin="1h"), "ids, or a span")):
        with pytest.raises(InvalidRequest, match=says):
            replay_bundle(options, "", tmp_path, False)
    with pytest.raises(InvalidRequest, match="at most 1,000"):
        replay_bundle(of_ids(*ids), "", tmp_path, False)
    with pytest.raises(Unavailable, match="no Freshet stack"):
        replay_bundle(of_ids(*ids[:-1]), "", tmp_path, False)


def test_of_many_answers_those_that_differ_are_told() -> None:
    many: list[Any] = [SimpleNamespace(verdict="equal", why="", differences=()) for number in range(EACH_MAX + 1)]
    assert [*opened_lines(many)] == ["11 answers: 11 equal, 0 different, 0 not replayable"]


def test_a_bundle_has_so_many_bytes_at_most(tmp_path: Path) -> None:
    content, file = tmp_path / "content", tmp_path / "bundle.tar.gz"
    content.mkdir()
    (content / "one").write_bytes(b"x" * 1_000)
    assert write_tar(content, file, 1_000) == 1_000
    with pytest.raises(StateRefused, match="at most 999"):
        write_tar(content, tmp_path / "none", 999)
    assert not [*tmp_path.glob("none*")]
    unpack(file, tmp_path / "there", 1_000)
    with pytest.raises(StateRefused, match="more than 999"):
        unpack(file, tmp_path / "not", 999)
    (tmp_path / "other").write_bytes(b"no tar")
    with pytest.raises(StateRefused, match="no bundle"):
        unpack(tmp_path / "other", tmp_path / "nowhere")
