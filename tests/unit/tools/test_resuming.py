"""An import that was stopped goes on: no row is left out, and none that was acknowledged comes again."""

import asyncio
import io
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from freshet.http_door import HttpDoor
from freshet.imports.checkpoint import CheckpointFile, Terms, identity_of
from freshet.imports.importing import Import
from freshet.imports.mapping_file import parse_mapping
from freshet.imports.plan import ImportPlan, Tally
from freshet.imports.prefix import Prefix
from freshet.imports.readers.delimited import Delimited
from freshet.imports.rejected import RejectedFile
from freshet.imports.resuming import Progress
from freshet.imports.sku_set import SkuSet
from freshet.progress import PlainLines
from tests.unit.readers.files import file_of
from tests.unit.tools.fake_shop import FakeShop

MAPPING = parse_mapping('fields = { sku = "sku", title = "title", stock = "stock" }')
TERMS = Terms(MAPPING.text, "csv", "", 1, "cluster topic")


@given(st.permutations(range(30)))
def test_the_prefix_ends_at_the_first_gap(places: list[int]) -> None:
    prefix, done = Prefix(), set[int]()
    for place in places:
        prefix.done(place, 100 + place, sent=place % 3 > 0)
        done.add(place)
        gap = next(number for number in range(31) if number not in done)
        assert prefix.rows == gap
        assert prefix.beyond == len([place for place in done if place > gap and place % 3])
        assert prefix.last_number == (100 + gap - 1 if gap else 0)


class Stopping(FakeShop):
    """Sets `stop` while it answers its n-th write; the answers themselves come."""

    def __init__(self, writes: int) -> None:
        super().__init__()
        self.stop = asyncio.Event()
        self.stop_at = writes

    async def post(self, request: Any) -> Any:
        if self.writes + 1 >= self.stop_at:
            self.stop.set()
        return await super().post(request)


def progress_of(folder: Path, file: Path, terms: Terms = TERMS, ends: dict[int, int] | None = None) -> Progress:
    rejected = RejectedFile(file.with_suffix(".rejected.csv"), ["sku", "title", "stock"])
    return Progress(folder, file, "", terms, rejected, {0: 7} if ends is None else ends)


def remembered(folder: Path, file: Path, terms: Terms = TERMS, ends: dict[int, int] | None = None) -> None:
    """An earlier run has done the first row."""
    earlier = progress_of(folder, file, terms, ends)
    earlier.done.done(0, 2, sent=True)
    earlier.save(Tally())


async def run(
    shop: FakeShop,
    folder: Path,
    file: Path,
    *,
    stop: asyncio.Event | None = None,
    restart: bool = False,
    kill: bool = False,
) -> tuple[Import, dict[str, Any], SkuSet]:
    """`kill`: nothing is written at the end, as after kill -9."""
    stop, skus, source = stop or asyncio.Event(), SkuSet(), Delimited(file)
    rejected = RejectedFile(file.with_suffix(".rejected.csv"), source.header)
    progress = Progress(folder, file, "", TERMS, rejected, {0: 7})
    progress.begin(restart=restart)
    plan = ImportPlan(source, MAPPING, rejected, batch=10, done=progress.done, saw_sku=skus.add, save=progress.save)
    async with TestServer(shop.app()) as server, HttpDoor(str(server.make_url("/"))) as door:
        work = Import(plan, door, PlainLines(io.StringIO()), stop, time.monotonic)
        await work.run()
    if kill:
        return work, {}, skus
    progress.save(work.tally)
    return work, progress.end(finished=work.tally.at_end and not stop.is_set()), skus


def table(folder: Path, rows: int) -> Path:
    """Every seventh row has a stock that is no number."""
    lines = (f"s{row},Product {row},{'x' if row % 7 == 3 else row}\n" for row in range(rows))
    return file_of(folder, "p.csv", "sku,title,stock\n" + "".join(lines))


@pytest.mark.parametrize("kill", [False, True])
async def test_after_a_stop_every_row_is_sent_exactly_once(tmp_path: Path, kill: bool) -> None:
    file, shop = table(tmp_path, 300), Stopping(writes=6)
    first, told, _ = await run(shop, tmp_path, file, stop=shop.stop, kill=kill)
    assert 0 < first.tally.acknowledged < 250
    if not kill:
        assert told["sent_twice"] == 0 and told["goes_on_at"] > first.tally.acknowledged
    shop.stop_at = 10**9
    second, told, skus = await run(shop, tmp_path, file)
    good = {f"s{row}" for row in range(300) if row % 7 != 3}
    assert set(shop.products) == good
    assert first.tally.acknowledged + second.tally.acknowledged == len(good), "none was sent twice"
    assert told["skipped"] > 0 and told["goes_on_at"] is None
    assert len(skus) == len(good), "the SKUs of skipped rows are known, too"
    kept = list(Delimited(file.with_suffix(".rejected.csv")).rows())
    assert [row.value["sku"] for row in kept if isinstance(row.value, dict)] == [
        f"s{row}" for row in range(300) if row % 7 == 3
    ]
    assert told["rejected_before"] + second.tally.rejected >= len(kept)
    third, told, _ = await run(shop, tmp_path, file)
    assert told["skipped"] == 0 and third.tally.lines == 300, "a finished import leaves nothing to go on with"


async def test_rejected_rows_of_an_older_import_are_not_taken_over(tmp_path: Path) -> None:
    """They lie in the file until the first row of this one is rejected."""
    file = file_of(
        tmp_path, "p.csv", "sku,title,stock\n" + "".join(f"s{row},Lamp,{row}\n" for row in range(99)) + "x,Mug,no\n"
    )
    file.with_suffix(".rejected.csv").write_text("freshet_line,freshet_reason,freshet_message,sku\n2,old,old,old\n")
    shop = Stopping(writes=2)
    await run(shop, tmp_path, file, stop=shop.stop)
    work, told, _ = await run(FakeShop(), tmp_path, file)
    assert told["skipped"] > 0 and work.tally.rejected == 1
    kept = file.with_suffix(".rejected.csv").read_text()
    assert "old" not in kept and "\n101,invalid_field," in kept


async def test_restart_begins_anew(tmp_path: Path) -> None:
    file, shop = table(tmp_path, 100), Stopping(writes=3)
    await run(shop, tmp_path, file, stop=shop.stop)
    work, told, _ = await run(FakeShop(), tmp_path, file, restart=True)
    assert (work.tally.lines, told["skipped"]) == (100, 0)


@pytest.mark.parametrize("change", ["content", "time", "mapping"])
async def test_another_file_or_mapping_begins_anew(
    tmp_path: Path, change: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file, shop = table(tmp_path, 100), Stopping(writes=3)
    await run(shop, tmp_path, file, stop=shop.stop)
    if change == "content":
        table(tmp_path, 101)
    if change == "time":
        os.utime(file, ns=(1, 1))
    progress = progress_of(tmp_path, file, replace(TERMS, mapping="another") if change == "mapping" else TERMS)
    progress.begin(restart=False)
    assert progress.done.rows == 0 and "begins anew" in capsys.readouterr().err


@pytest.mark.parametrize(
    "terms",
    [
        replace(TERMS, format="tsv"),
        replace(TERMS, encoding="cp1252"),
        replace(TERMS, generation=2),
        replace(TERMS, catalog="cluster another"),
        replace(TERMS, catalog=""),
    ],
)
def test_another_way_to_read_or_another_log_begins_anew(tmp_path: Path, terms: Terms) -> None:
    file = table(tmp_path, 3)
    remembered(tmp_path, file)
    same, other = progress_of(tmp_path, file), progress_of(tmp_path, file, terms)
    same.begin(restart=False)
    other.begin(restart=False)
    assert (same.done.rows, other.done.rows) == (1, 0)


@pytest.mark.parametrize(("end", "done"), [(7, 1), (6, 0)])
def test_a_log_that_ends_before_the_import_began_is_another_one(tmp_path: Path, end: int, done: int) -> None:
    file = table(tmp_path, 3)
    remembered(tmp_path, file)
    progress = progress_of(tmp_path, file, ends={0: end})
    progress.begin(restart=False)
    assert (progress.done.rows, progress.began) == (done, {0: 7} if done else {0: end})


def test_an_import_that_did_not_read_kafka_is_not_gone_on_with_by_one_that_does(tmp_path: Path) -> None:
    """Nobody knows where the log ended when it began: a sync would delete what came meanwhile."""
    file = table(tmp_path, 3)
    remembered(tmp_path, file, ends={})
    without, reading = progress_of(tmp_path, file, ends={}), progress_of(tmp_path, file, ends={0: 9})
    without.begin(restart=False)
    reading.begin(restart=False)
    assert (without.done.rows, reading.done.rows, reading.began) == (1, 0, {0: 9})


@pytest.mark.parametrize("change", ["rewritten", "cut", "gone", "none"])
def test_a_file_that_changed_while_it_was_read_is_not_done(tmp_path: Path, change: str) -> None:
    file = table(tmp_path, 3)
    progress = progress_of(tmp_path, file)
    progress.done.done(0, 2, sent=True)
    progress.save(Tally())
    if change == "rewritten":
        table(tmp_path, 4)
    if change == "cut":
        os.truncate(file, 20)
    if change == "gone":
        file.unlink()
    changed = progress.file_changed()
    assert changed is (change != "none")
    told = progress.end(finished=not changed, file_changed=changed)
    assert (told["file_changed"], told["goes_on_at"]) == (changed, 1 if changed else None)
    assert told["sent_twice"] == (1 if changed else 0)
    assert CheckpointFile(tmp_path, file, "").read() is None


async def test_rows_behind_a_gap_come_again_and_are_counted(tmp_path: Path) -> None:
    """A request that was put off when Ctrl-C came is not repeated; later ones may have been answered."""

    class FirstPutOff(Stopping):
        async def post(self, request: Any) -> Any:
            body = await request.read()
            if b'"s0"' in body and not self.refusals and not self.stop.is_set():
                while self.writes < 2:
                    await asyncio.sleep(0.001)
                self.stop.set()
                self.refusals = [429]
            return await FakeShop.post(self, request)

    file, shop = table(tmp_path, 40), FirstPutOff(writes=10**9)
    work, told, _ = await run(shop, tmp_path, file, stop=shop.stop)
    assert told["goes_on_at"] == 1 and told["sent_twice"] >= work.tally.acknowledged > 0


def test_what_cannot_be_read_is_no_checkpoint(tmp_path: Path) -> None:
    file = table(tmp_path, 1)
    kept = CheckpointFile(tmp_path, file, "")
    assert kept.read() is None
    for content in (b"{", b"[]", b'{"version": 1}', b'{"version": 2, "identity": {}}'):
        kept.path.parent.mkdir(exist_ok=True)
        kept.path.write_bytes(content)
        assert kept.read() is None
    assert identity_of(file, TERMS) != identity_of(file, replace(TERMS, mapping="b"))
    assert CheckpointFile(tmp_path, file, "http://elsewhere").path != kept.path


def test_a_full_disk_is_said_once_and_stops_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = table(tmp_path, 1)
    (tmp_path / "imports").write_text("a file where the folder should be")
    progress = progress_of(tmp_path, file)
    progress.save(Tally())
    progress.save(Tally())
    assert capsys.readouterr().err.count("cannot remember") == 1
