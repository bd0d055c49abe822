"""Snapshots: whole or not there, whatever the crash or the damage; another shard's or cluster's are refused."""

import gc
import multiprocessing
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from index_snapshots import manifest as manifests
from index_snapshots.apply import apply
from index_snapshots.folder import Known, owned, remove_state
from index_snapshots.manifest import Manifest
from index_snapshots.protocol import Offsets
from index_snapshots.restore import AGE_DAYS_MAX, check_log, restore
from index_snapshots.snapshot import write
from index_snapshots.view import ShardView
from index_snapshots.writer import ShardWriter
from schemas.errors import InvalidRequest, StateRefused
from schemas.filters import Filters
from schemas.topics import DAY_MS
from tests.unit.index_snapshots.making import (
    ORIGIN,
    content,
    document,
    hits,
    logged,
    no_document,
    no_offer,
    offer,
    shard,
    unit,
)

NOW_MS = 1_800_000_000_000
PARTS = ["graph-0", "vectors-0-0", "codes-0-0", "rows-0", "heads", "levels", "bodies-1", "states", "names", "manifest"]


def first(seed: int = 0) -> ShardWriter:
    one = shard()
    lamps = content(brand="Anker", category=["Home", "Lamps"])
    filling = [document(f"f{at}", at, seed=seed + at) for at in range(4, 24)]
    documents = [*filling, document("ä", 1, of=lamps), document("b", 2, seed=2), no_document("gone", 3)]
    offers = [offer("ä", 1, price=None), offer("held", 4, price=2.5, stock=None), no_offer("gone", 3)]
    apply([*logged("documents", documents), *logged("offers", offers)], one)
    return one


def more(one: ShardWriter) -> None:
    """One more batch, behind whatever the shard holds."""
    offsets = one.view.offsets
    apply(
        [
            *logged("documents", [document("c", 100 + offsets.documents)], offsets.documents),
            *logged("offers", [offer("ä", 100 + offsets.offers)], offsets.offers),
        ],
        one,
    )


def seen(view: ShardView) -> object:
    found, matching = view.search(unit(5), 10, Filters())
    return (
        view.identity,
        view.offsets,
        view.counts,
        view.digest_documents,
        view.digest_offers,
        [(one.sku, one.score) for one in found],
        hits(view, found),
        matching,
        view.states().tobytes(),
        view.names(),
        [view.lookup(sku) for sku in ("ä", "b", "gone", "held", "c")],
        view.search(None, 10, Filters(brand=["Anker"], category=[["Home"]])).matching,
    )


def test_what_is_restored_is_what_was_written(tmp_path: Path) -> None:
    one = first()
    write(one.view, tmp_path, ORIGIN, now_ms=NOW_MS, keep=2)
    restored = restore(tmp_path, ORIGIN, NOW_MS)
    assert restored.view is not None and not restored.damaged
    assert seen(restored.view) == seen(one.view) and restored.view.scrub()


def test_facets_come_back_from_the_bodies_as_they_are_declared_now(tmp_path: Path) -> None:
    one = shard()
    kinds = [content(attributes={"colour": colour, "size": "L"}) for colour in ("red", "blue", "red")]
    documents = [*(document(sku, 1, of=of) for sku, of in zip("abc", kinds, strict=True)), no_document("c", 2)]
    apply(logged("documents", documents), one)
    write(one.view, tmp_path, ORIGIN, now_ms=NOW_MS, keep=2)
    view = restore(tmp_path, ORIGIN, NOW_MS).view
    assert view is not None
    red, large = Filters(attributes={"colour": ["red"]}), Filters(attributes={"size": ["L"]})
    again = shard(start=view)
    assert [one.sku for one in again.view.search(None, 9, red).found] == ["a"]
    other = shard(start=view, facets={"size": "value"})
    assert [one.sku for one in other.view.search(None, 9, large).found] == ["a", "b"]
    for undeclared, asked in ((again, large), (other, red), (shard(start=view, facets={}), red)):
        with pytest.raises(InvalidRequest, match="not declared"):
            undeclared.view.search(None, 9, asked)
    assert len({each.view.digest_documents for each in (one, again, other)}) == 1


def test_equal_states_give_equal_files(tmp_path: Path) -> None:
    one, other = shard(), shard()
    documents, offers = logged("documents", [document("b", 1), document("a", 2)]), logged("offers", [offer("a", 1)])
    apply([*documents, *offers], one)
    for record in [*offers, *documents]:
        apply([record], other)
    assert write(one.view, tmp_path, ORIGIN, 1, NOW_MS) == write(other.view, tmp_path, ORIGIN, 1, NOW_MS)


def test_a_snapshot_is_of_its_view_while_the_shard_goes_on(tmp_path: Path) -> None:
    one = first()
    view, before = one.view, seen(one.view)
    write(view, tmp_path, ORIGIN, now_ms=NOW_MS, keep=2, step=lambda number: more(one))
    restored = restore(tmp_path, ORIGIN, NOW_MS).view
    assert restored is not None and seen(restored) == before
    assert one.view.offsets.documents > 10


class Killed(BaseException):
    """Stands for kill -9: nothing of the writer runs after it."""


def killed_at(point: int) -> Callable[[int], None]:
    def step(number: int) -> None:
        if number == point:
            raise Killed

    return step


@pytest.mark.parametrize("goes_on", [False, True])
def test_killed_at_any_point_the_previous_or_the_new_snapshot_loads(tmp_path: Path, goes_on: bool) -> None:
    """`goes_on`: it only failed there, and its process writes the next one; else another process does."""
    numbers: list[int] = []
    one, known = first(), Known()
    (tmp_path / "count").mkdir()
    for _ in range(2):
        numbers.clear()
        write(one.view, tmp_path / "count", ORIGIN, 1, NOW_MS, step=numbers.append, known=known)
        more(one)
    assert len(numbers) >= 20
    outcomes = set()
    for point in numbers:
        folder = tmp_path / str(point)
        folder.mkdir()
        shard_here, known = first(), Known()
        write(shard_here.view, folder, ORIGIN, now_ms=NOW_MS, keep=1, known=known)
        previous = seen(shard_here.view)
        more(shard_here)
        new = seen(shard_here.view)
        with pytest.raises(Killed):
            write(shard_here.view, folder, ORIGIN, now_ms=NOW_MS, keep=1, step=killed_at(point), known=known)
        known = known if goes_on else Known()
        restored = restore(folder, ORIGIN, NOW_MS, None if goes_on else known)
        assert restored.view is not None and not restored.damaged and restored.view.scrub()
        assert seen(restored.view) in (previous, new)
        outcomes.add(seen(restored.view) == new)
        more(shard_here)
        written = write(shard_here.view, folder, ORIGIN, now_ms=NOW_MS, keep=1, known=known)
        again = restore(folder, ORIGIN, NOW_MS).view
        assert again is not None and seen(again) == seen(shard_here.view)
        assert len(list(folder.iterdir())) == 1 + len(written.files), "what the killed write left behind is gone"
    assert outcomes == {True, False}


def _write_and_die(folder: Path, point: int) -> None:
    def step(number: int) -> None:
        if number == point:
            os._exit(9)

    one = first()
    more(one)
    write(one.view, folder, ORIGIN, now_ms=NOW_MS, keep=2, step=step)


@pytest.mark.parametrize("point", [9, 18])
def test_a_process_that_dies_leaves_a_snapshot_that_loads(tmp_path: Path, point: int) -> None:
    one = first()
    write(one.view, tmp_path, ORIGIN, now_ms=NOW_MS, keep=2)
    process = multiprocessing.get_context("spawn").Process(target=_write_and_die, args=(tmp_path, point))
    process.start()
    process.join(60)
    assert process.exitcode == 9
    restored = restore(tmp_path, ORIGIN, NOW_MS)
    assert restored.view is not None and not restored.damaged and restored.view.scrub()


def remove(path: Path) -> None:
    path.unlink()


def zero(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def flip(at: float) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        data = bytearray(path.read_bytes())
        data[int(at * (len(data) - 1))] ^= 1
        path.write_bytes(data)

    return damage


DAMAGE = {
    "remove": remove,
    "zero": zero,
    "truncate": truncate,
    "empty": empty,
    "flip the first bit": flip(0),
    "flip one in the middle": flip(0.5),
    "flip the last": flip(1),
}


class Two(NamedTuple):
    folder: Path
    newest: Manifest
    older: object
    """What is seen in the one before."""


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Two:
    """Snapshots to be copied and damaged."""
    folder, one, known = tmp_path_factory.mktemp("two"), first(), Known()
    write(one.view, folder, ORIGIN, now_ms=NOW_MS, keep=2, known=known)
    older = seen(one.view)
    for _ in range(9):  # until only the first bodies are shared
        more(one)
    return Two(folder, write(one.view, folder, ORIGIN, now_ms=NOW_MS, keep=2, known=known), older)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("how", DAMAGE)
def test_damage_is_found_and_the_older_snapshot_is_used(tmp_path: Path, two: Two, part: str, how: str) -> None:
    shutil.copytree(two.folder, tmp_path, dirs_exist_ok=True)
    newest = tmp_path / "manifest-000000000002.json"
    DAMAGE[how](newest if part == "manifest" else tmp_path / two.newest.files[part].name)
    restored = restore(tmp_path, ORIGIN, NOW_MS)
    assert restored.view is not None and seen(restored.view) == two.older
    assert (how, part) == ("remove", "manifest") or (len(restored.damaged) == 1 and newest.name in restored.damaged[0])


@pytest.mark.parametrize("part", ["vectors-0-0", "bodies-0"])
def test_damage_in_a_file_that_snapshots_share_leaves_the_log(tmp_path: Path, part: str) -> None:
    one, known = first(), Known()
    for _ in range(2):
        manifest = write(one.view, tmp_path, ORIGIN, now_ms=NOW_MS, keep=2, known=known)
        more(one)
    flip(0.5)(tmp_path / manifest.files[part].name)
    restored = restore(tmp_path, ORIGIN, NOW_MS)
    assert restored.view is None and len(restored.damaged) == 2


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("again", [False, True])
def test_bodies_that_are_damaged_in_the_folder_are_written_again(tmp_path: Path, how: str, again: bool) -> None:
    """They are in memory; also where another process wrote the snapshot before. (A flip on the disk, which leaves
    the file's time as it was, is left to the start and to `verify`.)"""
    one, known = first(), Known()
    for _ in range(2):
        manifest = write(one.view, tmp_path, ORIGIN, now_ms=NOW_MS, keep=1, known=known)
        more(one)
    DAMAGE[how](tmp_path / manifest.files["bodies-0"].name)
    known = Known(newest=manifest) if again else known
    written = write(one.view, tmp_path, ORIGIN, now_ms=NOW_MS, keep=1, known=known)
    assert [piece.count for piece in written.bodies] == [one.view.counts.rows]
    restored = restore(tmp_path, ORIGIN, NOW_MS).view
    assert restored is not None and seen(restored) == seen(one.view)


@pytest.mark.parametrize("damaged", [False, True])
def test_garbage_is_collected_again_after_a_start(tmp_path: Path, damaged: bool) -> None:
    manifest = write(first().view, tmp_path, ORIGIN, now_ms=NOW_MS, keep=1)
    if damaged:
        flip(0.5)(tmp_path / manifest.files["states"].name)
    assert (restore(tmp_path, ORIGIN, NOW_MS).view is None) is damaged and gc.isenabled()
    gc.disable()
    try:
        restore(tmp_path, ORIGIN, NOW_MS)
        assert not gc.isenabled(), "as it was"
    finally:
        gc.enable()


@pytest.mark.parametrize("restarted", [False, True])
def test_a_second_snapshot_writes_only_the_bodies_of_new_rows(tmp_path: Path, restarted: bool) -> None:
    one, known = first(), Known()
    before = write(one.view, tmp_path, ORIGIN, now_ms=NOW_MS, keep=2, known=known)
    if restarted:
        known = Known()
        one = shard(start=restore(tmp_path, ORIGIN, NOW_MS, known).view)
    for _ in range(3):
        more(one)
    after = write(one.view, tmp_path, ORIGIN, now_ms=NOW_MS, keep=2, known=known)
    assert after.files["bodies-0"] == before.files["bodies-0"]
    assert after.bodies[1].count == 1, "three upserts of one product: one of its rows lives"
    restored = restore(tmp_path, ORIGIN, NOW_MS).view
    assert restored is not None and seen(restored) == seen(one.view) and restored.scrub()


def test_another_lineage_or_a_later_state_gives_no_bodies(tmp_path: Path) -> None:
    """There the same numbers are those of other rows."""
    one = first()
    earlier = one.view
    more(one)
    renamed = replace(one.view, identity=replace(one.view.identity, lineage="another"))
    for other in (earlier, renamed):
        known = Known(newest=write(one.view, tmp_path, ORIGIN, now_ms=NOW_MS, keep=9))
        written = write(other, tmp_path, ORIGIN, now_ms=NOW_MS, keep=9, known=known)
        assert [(piece.begin, piece.count) for piece in written.bodies] == [(0, other.counts.rows)]


@pytest.mark.parametrize(
    "part", ["graph-0", "vectors-0-0", "codes-0-0", "heads", "bodies-0", "states", "names", "manifest"]
)
def test_files_swapped_between_shards_are_found(tmp_path: Path, part: str) -> None:
    folders = tmp_path / "0", tmp_path / "1"
    names = []
    for partition, folder in enumerate(folders):
        folder.mkdir()
        one = first(seed=100 * partition)
        if partition:
            more(one)
        manifest = write(one.view, folder, ORIGIN.model_copy(update={"partition": partition}), now_ms=NOW_MS, keep=2)
        names.append("manifest-000000000001.json" if part == "manifest" else manifest.files[part].name)
    here, there = folders[0] / names[0], folders[1] / names[1]
    mine = here.read_bytes()
    here.write_bytes(there.read_bytes())
    there.write_bytes(mine)
    for partition, folder in enumerate(folders):
        restored = restore(folder, ORIGIN.model_copy(update={"partition": partition}), NOW_MS)
        assert restored.view is None and len(restored.damaged) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"cluster_id": "another"},
        {"topic_ids": {"documents": "new", "offers": "o"}},
        {"encoder": "another"},
        {"generation": 2},
        {"dim": 9},
    ],
)
def test_state_of_another_origin_is_refused_with_the_command_that_helps(
    tmp_path: Path, other: dict[str, object]
) -> None:
    write(first().view, tmp_path, ORIGIN, now_ms=NOW_MS, keep=2)
    with pytest.raises(StateRefused) as error:
        restore(tmp_path, ORIGIN.model_copy(update=other), NOW_MS)
    assert next(iter(other)) in str(error.value) and "freshet shard rebuild --partition 0" in error.value.hint


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    manifest = write(first().view, tmp_path, ORIGIN, now_ms=NOW_MS, keep=2)
    newer = manifest.model_copy(update={"format_version": manifests.FORMAT_VERSION + 1})
    (tmp_path / "manifest-000000000002.json").write_bytes(manifests.encode(newer))
    with pytest.raises(StateRefused, match=f"format {manifests.FORMAT_VERSION + 1}; this Freshet reads up to") as error:
        restore(tmp_path, ORIGIN, NOW_MS)
    assert not isinstance(error.value, manifests.SnapshotDamaged)


def test_only_the_newest_snapshots_are_kept(tmp_path: Path) -> None:
    one = first()
    for count in range(1, 5):
        write(one.view, tmp_path, ORIGIN, now_ms=NOW_MS, keep=2)
        assert len(list(tmp_path.glob("manifest-*"))) == min(count, 2)
        more(one)
    kept = [manifests.decode(path.read_bytes(), path.name) for path in tmp_path.glob("manifest-*")]
    named = {file.name for manifest in kept for file in manifest.files.values()}
    assert named == {path.name for path in tmp_path.iterdir() if not path.name.startswith("manifest-")}


def test_a_damaged_manifest_does_not_count_as_kept(tmp_path: Path) -> None:
    one = first()
    for _ in range(2):
        write(one.view, tmp_path, ORIGIN, now_ms=NOW_MS, keep=2)
        more(one)
    flip(0.5)(tmp_path / "manifest-000000000002.json")
    write(one.view, tmp_path, ORIGIN, now_ms=NOW_MS, keep=2)
    assert sorted(path.name for path in tmp_path.glob("manifest-*")) == [
        "manifest-000000000001.json",
        "manifest-000000000003.json",
    ]


def test_no_snapshot_and_no_folder_mean_the_start_of_the_log(tmp_path: Path) -> None:
    assert restore(tmp_path, ORIGIN, NOW_MS).view is None
    assert restore(tmp_path / "missing", ORIGIN, NOW_MS) == restore(tmp_path, ORIGIN, NOW_MS)


def test_an_empty_shard_can_be_kept(tmp_path: Path) -> None:
    write(shard().view, tmp_path, ORIGIN, now_ms=NOW_MS, keep=2)
    view = restore(tmp_path, ORIGIN, NOW_MS).view
    assert view is not None and view.counts.skus == 0
    one = shard(start=view)
    more(one)
    assert one.view.counts.rows == 1 and one.view.scrub()


def test_a_folder_has_one_owner(tmp_path: Path) -> None:
    folder = tmp_path / "shards" / "0"
    with owned(folder):
        with pytest.raises(StateRefused, match="another process"), owned(folder):
            pass
        with pytest.raises(StateRefused):
            remove_state(folder)
    with owned(folder):
        pass


def test_removed_state_is_rebuilt_from_the_log(tmp_path: Path) -> None:
    written = write(first().view, tmp_path, ORIGIN, now_ms=NOW_MS, keep=2)
    assert remove_state(tmp_path) == 1 + len(written.files)
    assert restore(tmp_path, ORIGIN, NOW_MS).view is None
    assert remove_state(tmp_path) == 0


@pytest.mark.parametrize(
    ("documents", "offers", "refused"),
    [
        ((0, 5), (0, 9), ""),
        ((5, 5), (9, 9), ""),
        ((0, 4), (0, 9), "documents"),
        ((6, 9), (0, 9), "documents"),
        ((0, 5), (0, 8), "offers"),
    ],
)
def test_a_state_the_log_does_not_reach_is_refused(
    documents: tuple[int, int], offers: tuple[int, int], refused: str
) -> None:
    if not refused:
        check_log(3, Offsets(5, 9), documents, offers)
        return
    with pytest.raises(StateRefused, match=refused) as error:
        check_log(3, Offsets(5, 9), documents, offers)
    assert "rebuild --partition 3" in error.value.hint


@pytest.mark.parametrize(("days", "loads"), [(AGE_DAYS_MAX, True), (AGE_DAYS_MAX + 0.001, False)])
def test_a_snapshot_from_before_a_purge_is_left_out(tmp_path: Path, days: float, loads: bool) -> None:
    write(first().view, tmp_path, ORIGIN, now_ms=NOW_MS, keep=2)
    restored = restore(tmp_path, ORIGIN, NOW_MS + int(days * DAY_MS))
    assert (restored.view is not None) is loads and bool(restored.damaged) is not loads
