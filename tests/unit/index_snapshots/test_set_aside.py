"""A shard is built anew only where that was asked for, once, and what it had is kept aside."""

from pathlib import Path

import pytest

from index_snapshots.apply import apply
from index_snapshots.folder import FROM_LOG, LOCK, owned, shard_folder
from index_snapshots.inventory import shard_folders
from index_snapshots.restore import restore
from index_snapshots.set_aside import ASIDE, ASIDE_MAX, Source, ask_rebuild, set_aside
from index_snapshots.snapshot import write
from tests.unit.index_snapshots.making import ORIGIN, document, logged, shard


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = shard_folder(tmp_path, 1, 0)
    fill(place)
    return place


def fill(place: Path) -> None:
    place.mkdir(parents=True, exist_ok=True)
    one = shard()
    apply(logged("documents", [document(str(n), n) for n in range(20)]), one)
    write(one.view, place, ORIGIN, 2, 1_000)


@pytest.mark.parametrize("source", ["store", "log"])
def test_what_a_shard_had_is_kept_aside_whole(folder: Path, source: Source) -> None:
    files = {path.name for path in folder.iterdir()}
    ask_rebuild(folder, source)
    with owned(folder):
        assert set_aside(folder, 77) == source
        assert set_aside(folder, 78) is None, "once"
    assert {path.name for path in folder.iterdir()} == ({LOCK, FROM_LOG} if source == "log" else {LOCK})
    aside = folder.parent.parent / ASIDE / "1-0-77"
    assert {path.name for path in aside.iterdir()} == files
    assert restore(aside, ORIGIN, 2_000).view is not None
    assert [place.folder for place in shard_folders(folder.parent.parent)] == [folder], "it is no shard"


def test_nothing_is_moved_without_a_wish(folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    assert set_aside(folder, 77) is None
    assert sorted(folder.rglob("*")) == before


def test_one_that_was_cut_off_is_done_again(folder: Path) -> None:
    ask_rebuild(folder, "store")
    some = next(folder.glob("manifest-*"))
    half = folder.parent.parent / ASIDE / "1-0-76"
    half.mkdir(parents=True)
    some.rename(half / some.name)
    assert set_aside(folder, 77) == "store"
    assert list(folder.iterdir()) == []


def test_so_many_are_kept_and_no_more(folder: Path) -> None:
    for number in range(ASIDE_MAX + 1):
        fill(folder)
        ask_rebuild(folder, "store")
        set_aside(folder, 100 + number)
    kept = sorted(path.name for path in (folder.parent.parent / ASIDE).iterdir())
    assert kept == [f"1-0-{101 + number}" for number in range(ASIDE_MAX)]
