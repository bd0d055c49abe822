"""What a store has lost or damaged is found and sent again, from the folder of a shard."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index_snapshots import manifest as manifests
from index_snapshots.fetching import fetch_newest
from index_snapshots.manifest import SnapshotDamaged, StoredFile
from index_snapshots.mending import mend
from index_snapshots.pace import Pace
from index_snapshots.shelf import Shelf, manifest_name, note_name, object_name
from index_snapshots.shipping import Shipped, ship
from index_snapshots.store_folder import FolderStore
from index_snapshots.store_pruning import StorePruner
from tests.unit.index_snapshots.making import ORIGIN
from tests.unit.index_snapshots.storing import NOW_MS, flip, two_snapshots

FIRST, SECOND = "manifest-000000000001.json", "manifest-000000000002.json"


@pytest.fixture
def here(tmp_path: Path) -> Path:
    two_snapshots(tmp_path / "here")
    return tmp_path / "here"


@pytest.fixture
def store(tmp_path: Path, here: Path) -> FolderStore:
    """With both snapshots."""
    (tmp_path / "there").mkdir()
    found = FolderStore(tmp_path / "there")
    for name in (FIRST, SECOND):
        ship(here, name, found, Pace(0))
    return found


@pytest.fixture
def shelf(store: FolderStore) -> Shelf:
    return Shelf.of(store, ORIGIN)


def file_of(here: Path, name: str, part: str) -> StoredFile:
    return manifests.decode((here / name).read_bytes(), name).files[part]


def path_of(tmp_path: Path, shelf: Shelf, file: StoredFile) -> Path:
    return tmp_path / "there" / shelf.folder / object_name(file)


def looked(here: Path, store: FolderStore, *, sent: str = SECOND, every_byte: bool = False) -> list[Shipped]:
    return mend(here, store, Pace(0), sent, every_byte=every_byte)


def whole(shelf: Shelf) -> bool:
    return not any(shelf.look(name, every_byte=True).damages for name in shelf.manifests())


def test_nothing_is_sent_where_nothing_is_lost(here: Path, store: FolderStore) -> None:
    assert looked(here, store) == [] and looked(here, store, every_byte=True) == []


@pytest.mark.parametrize("name", [FIRST, SECOND])
@pytest.mark.parametrize("part", ["states", "vectors-0-0"])
def test_what_is_missing_is_sent_again(tmp_path: Path, here: Path, shelf: Shelf, name: str, part: str) -> None:
    path_of(tmp_path, shelf, file_of(here, name, part)).unlink()
    (mended, *_) = looked(here, shelf.store)  # type: ignore[arg-type]
    assert mended.files_sent == 1 and not mended.manifest_sent and whole(shelf)


@pytest.mark.parametrize("name", [FIRST, SECOND])
def test_a_manifest_that_is_damaged_is_put_again(tmp_path: Path, here: Path, store: FolderStore, name: str) -> None:
    shelf = Shelf.of(store, ORIGIN)
    flip(tmp_path / "there" / shelf.folder / sorted(shelf.manifests())[0 if name == FIRST else 1])
    (mended,) = looked(here, store)
    assert mended.manifest_sent and mended.files_sent == 0 and whole(shelf)


def test_only_the_newest_comes_back_when_it_was_removed(here: Path, store: FolderStore, shelf: Shelf) -> None:
    """Older ones were pruned by whoever keeps house there."""
    names = shelf.manifests()
    for name in names:
        shelf.remove(name)
    (mended,) = looked(here, store)
    assert mended.name == names[0] and shelf.manifests() == names[:1]


def test_what_was_not_sent_yet_is_not_taken_for_lost(here: Path, store: FolderStore, shelf: Shelf) -> None:
    shelf.remove(shelf.manifests()[0])
    assert looked(here, store, sent=FIRST) == [] and len(shelf.manifests()) == 1


def test_what_another_has_pruned_because_it_has_newer_ones_stays_away(
    here: Path, store: FolderStore, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = shelf.manifests()
    newer = shelf.manifest(names[0]).model_copy(update={"documents_offset": 1_000})
    shelf.put_manifest(manifest_name(newer), manifests.encode(newer))
    shelf.remove(names[0])
    assert looked(here, store) == [] and names[0] not in shelf.manifests()
    with monkeypatch.context() as just_before:
        just_before.setattr(Shelf, "manifests", lambda shelf: names)
        assert looked(here, store) == []
    assert names[0] not in shelf.manifests()


@pytest.mark.parametrize("damage", [flip, lambda path: path.write_bytes(b""), lambda path: path.write_bytes(b"x" * 99)])
def test_damage_is_found_when_every_byte_is_read(
    tmp_path: Path, here: Path, store: FolderStore, shelf: Shelf, damage: Callable[[Path], object]
) -> None:
    for part in ("names", "heads"):
        damage(path_of(tmp_path, shelf, file_of(here, SECOND, part)))
    assert looked(here, store) == [] and not whole(shelf)
    shelf.forget(object_name(file_of(here, SECOND, "names")))
    shelf.forget(object_name(file_of(here, SECOND, "heads")))
    (mended, *_) = looked(here, store, every_byte=True)
    assert mended.files_sent == 2 and whole(shelf) and not shelf.contents().damaged


def test_whoever_reads_damage_leaves_a_note_and_the_next_look_mends(
    tmp_path: Path, here: Path, store: FolderStore, shelf: Shelf
) -> None:
    file = file_of(here, SECOND, "names")
    flip(path_of(tmp_path, shelf, file))
    with pytest.raises(SnapshotDamaged):
        list(shelf.content(file))
    assert shelf.contents().damaged == {object_name(file)}
    assert any("is damaged in" in says for says in shelf.look(shelf.manifests()[0], every_byte=False).damages)
    (tmp_path / "empty").mkdir()
    fetched = fetch_newest(store, ORIGIN, tmp_path / "empty", NOW_MS, lambda done, total: None)
    assert fetched.name == shelf.manifests()[1]
    (mended,) = looked(here, store)
    assert mended.files_sent == 1 and whole(shelf) and not shelf.contents().damaged


def test_a_note_cannot_be_left_where_one_may_only_read(
    tmp_path: Path, here: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = file_of(here, SECOND, "names")
    flip(path_of(tmp_path, shelf, file))

    def refused(name: str, data: bytes) -> bool:
        from schemas.errors import Unavailable

        raise Unavailable("only reading is allowed")

    monkeypatch.setattr(shelf.store, "put_new", refused)
    with pytest.raises(SnapshotDamaged, match="is damaged in"):
        list(shelf.content(file))


def test_what_is_damaged_here_too_is_not_sent(tmp_path: Path, here: Path, store: FolderStore, shelf: Shelf) -> None:
    file = file_of(here, SECOND, "states")
    path_of(tmp_path, shelf, file).unlink()
    flip(here / file.name)
    with pytest.raises(SnapshotDamaged, match=file.name):
        looked(here, store)
    assert object_name(file) not in shelf.contents().objects


def test_a_local_manifest_that_cannot_be_read_is_left_out(here: Path, store: FolderStore) -> None:
    flip(here / SECOND)
    assert looked(here, store) == []


def test_notes_go_with_what_they_are_about(tmp_path: Path, here: Path, store: FolderStore, shelf: Shelf) -> None:
    old, pruner = file_of(here, FIRST, "states"), StorePruner(shelf, keep=1, grace_s=0)
    for file in (old, file_of(here, SECOND, "states").model_copy(update={"name": "0-nobody"})):
        store.put_new(shelf.folder + note_name(object_name(file)), b"")
    shelf.remove(shelf.manifests()[1])
    pruner.prune(NOW_MS, 0)
    assert not shelf.contents().damaged and object_name(old) not in shelf.contents().objects and whole(shelf)


def test_reading_back_keeps_the_pace(here: Path, store: FolderStore) -> None:
    seen = list[int]()

    class Counted(Pace):
        def through(self, blocks: object) -> Iterator[bytes]:
            for block in blocks:  # type: ignore[attr-defined]
                seen.append(len(block))
                yield block

    mend(here, store, Counted(0), SECOND, every_byte=True)
    files = {
        file for name in (FIRST, SECOND) for file in manifests.decode((here / name).read_bytes(), name).files.values()
    }
    assert sum(seen) == sum(file.size for file in files), "each file of both is read once"
