"""Snapshots on their way to the store and back: nothing twice, the manifest last, every byte checked."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from index_snapshots import manifest as manifests
from index_snapshots.fetching import fetch_newest
from index_snapshots.manifest import SnapshotDamaged
from index_snapshots.pace import Pace
from index_snapshots.restore import AGE_DAYS_MAX, restore
from index_snapshots.shelf import Shelf, manifest_name, object_name, shelves
from index_snapshots.shipping import Shipped, ship
from index_snapshots.store_folder import FolderStore
from index_snapshots.view import ShardView
from schemas.errors import StateRefused, Unavailable
from schemas.topics import DAY_MS
from tests.unit.index_snapshots.making import ORIGIN
from tests.unit.index_snapshots.storing import NOW_MS, flip, two_snapshots

FIRST, SECOND = "manifest-000000000001.json", "manifest-000000000002.json"


class Watched(FolderStore):
    """Remembers what was put, and fails at the n-th put. The manifest is the only one that is put anew."""

    def __init__(self, root: Path, fails_at: int = 0) -> None:
        super().__init__(root)
        self.put_names: list[str] = []
        self.fails_at = fails_at

    def put(self, name: str, blocks: Iterable[bytes], size: int) -> None:
        self._count(name)
        super().put(name, blocks, size)

    def put_new(self, name: str, data: bytes) -> bool:
        self._count(name)
        return super().put_new(name, data)

    def _count(self, name: str) -> None:
        self.put_names.append(name)
        if len(self.put_names) == self.fails_at:
            raise Unavailable("the store has gone")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    two_snapshots(tmp_path / "here")
    return tmp_path / "here"


@pytest.fixture
def there(tmp_path: Path) -> Path:
    (tmp_path / "there").mkdir()
    return tmp_path / "there"


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    (tmp_path / "empty").mkdir()
    return tmp_path / "empty"


def sent(folder: Path, name: str, store: FolderStore) -> Shipped:
    return ship(folder, name, store, Pace(0))


def fetched(store: FolderStore, folder: Path, now_ms: int = NOW_MS) -> tuple[ShardView | None, tuple[str, ...]]:
    found = fetch_newest(store, ORIGIN, folder, now_ms, lambda done, total: None)
    return restore(folder, ORIGIN, now_ms).view, found.damaged


def test_what_is_fetched_is_what_was_written(here: Path, there: Path, empty: Path) -> None:
    store = FolderStore(there)
    shipped = sent(here, SECOND, store)
    assert shipped.files_sent == shipped.files and 0 < shipped.bytes_sent < shipped.bytes
    view, damaged = fetched(store, empty)
    original = restore(here, ORIGIN, NOW_MS).view
    assert view is not None and original is not None and not damaged and view.scrub()
    assert (view.offsets, view.digest_documents, view.identity) == (
        original.offsets,
        original.digest_documents,
        original.identity,
    )
    names = {path.name for path in here.iterdir()} - {FIRST}
    assert {path.name for path in empty.iterdir()} - {FIRST} <= names


def test_nothing_is_sent_twice_and_the_manifest_comes_last(here: Path, there: Path) -> None:
    store = Watched(there)
    sent(here, FIRST, store)
    assert "/manifest-" in store.put_names[-1] and not any("/manifest-" in name for name in store.put_names[:-1])
    before = set(store.put_names)
    shipped = sent(here, SECOND, store)
    assert len(store.put_names) == len(set(store.put_names)) and shipped.files_sent < shipped.files
    again = sent(here, SECOND, store)
    assert (again.files_sent, again.bytes_sent) == (0, 0)
    assert len(store.put_names) == len(before) + shipped.files_sent + 1


def test_a_store_that_fails_anywhere_is_gone_on_with(here: Path, there: Path, empty: Path) -> None:
    count = len({file.name for file in manifests.decode((here / SECOND).read_bytes(), SECOND).files.values()}) + 1
    for point in range(1, count + 1):
        store = Watched(there / str(point), point)
        (there / str(point)).mkdir()
        with pytest.raises(Unavailable):
            sent(here, SECOND, store)
        assert Shelf.of(store, ORIGIN).manifests() == [], "no manifest before all its files"
        shipped = sent(here, SECOND, store)
        assert shipped.files_sent == shipped.files - (point - 1)
        folder = empty / str(point)
        folder.mkdir()
        view, damaged = fetched(store, folder)
        assert view is not None and not damaged


@pytest.mark.parametrize("part", ["states", "vectors-0-0", "bodies-0"])
def test_damaged_files_are_not_sent(here: Path, there: Path, part: str) -> None:
    store = FolderStore(there)
    file = manifests.decode((here / SECOND).read_bytes(), SECOND).files[part]
    flip(here / file.name)
    with pytest.raises(SnapshotDamaged, match=file.name):
        sent(here, SECOND, store)
    contents = Shelf.of(store, ORIGIN).contents()
    assert contents.manifests == [] and object_name(file) not in contents.objects


def test_a_file_that_another_replica_prunes_meanwhile_is_sent_again(here: Path, there: Path) -> None:
    class Pruning(Watched):
        """Loses an object just before the manifest comes."""

        def put_new(self, name: str, data: bytes) -> bool:
            self.remove(next(one for one in self.names("") if "/files/" in one))
            return super().put_new(name, data)

    shipped = sent(here, FIRST, store := Pruning(there))
    assert shipped.files_sent == shipped.files + 1
    assert not Shelf.of(store, ORIGIN).look(shipped.name, every_byte=True).damages


def test_two_owners_never_mix_their_manifests(here: Path, there: Path) -> None:
    """Another one puts its manifest between our look and our write: it stays, and ours is the same state."""

    class Raced(Watched):
        def put_new(self, name: str, data: bytes) -> bool:
            first = manifests.decode(data, name).model_copy(update={"written_ms": 1})
            super().put_new(name, manifests.encode(first))
            return super().put_new(name, data)

    store = Raced(there)
    shipped = sent(here, SECOND, store)
    assert not shipped.manifest_sent and Shelf.of(store, ORIGIN).manifest(shipped.name).written_ms == 1


@pytest.mark.parametrize("digest", ["digest_documents", "digest_offers"])
def test_another_state_under_the_same_name_is_refused(here: Path, there: Path, digest: str) -> None:
    store = FolderStore(there)
    manifest = manifests.decode((here / SECOND).read_bytes(), SECOND)
    other = manifests.encode(manifest.model_copy(update={digest: "0" * 32}))
    Shelf.of(store, ORIGIN).put_manifest(manifest_name(manifest), other)
    with pytest.raises(StateRefused, match="one of the two is wrong") as raised:
        sent(here, SECOND, store)
    assert "freshet shard rebuild" in raised.value.hint
    assert list(store.get(Shelf.of(store, ORIGIN).folder + manifest_name(manifest))) == [other]


@pytest.mark.parametrize("all_there", [True, False])
def test_the_same_state_in_other_files_stays_if_they_are_there(here: Path, there: Path, all_there: bool) -> None:
    store, shelf = FolderStore(there), Shelf.of(FolderStore(there), ORIGIN)
    sent(here, SECOND, store)
    manifest = manifests.decode((here / SECOND).read_bytes(), SECOND)
    name = manifest.files["states"].name
    other = manifest.files["states"].model_copy(update={"name": "0" + name[1:]})
    theirs = manifest.model_copy(update={"files": {**manifest.files, "states": other}})
    shelf.remove(manifest_name(manifest))
    shelf.put_manifest(manifest_name(manifest), manifests.encode(theirs))
    if all_there:
        shelf.put_file(other, iter([b"1"]), 1)
    shipped = sent(here, SECOND, store)
    assert shipped.manifest_sent is not all_there and shipped.files_sent == 0
    assert (shelf.manifest(shipped.name).files == manifest.files) is not all_there


@pytest.mark.parametrize("how", ["cut", "flipped", "emptied", "gone", "another's"])
def test_a_manifest_that_is_of_no_use_is_replaced(here: Path, there: Path, how: str) -> None:
    store = FolderStore(there)
    path = there / Shelf.of(store, ORIGIN).folder / sent(here, SECOND, store).name
    ways: dict[str, Callable[[Path], object]] = {
        "cut": cut,
        "flipped": flip,
        "emptied": empty_it,
        "gone": remove,
        "another's": lambda path: path.write_bytes(b"not a manifest"),
    }
    ways[how](path)
    shipped = sent(here, SECOND, store)
    assert shipped.manifest_sent and shipped.files_sent == 0
    assert not Shelf.of(store, ORIGIN).look(shipped.name, every_byte=True).damages


def test_a_snapshot_that_was_pruned_is_said_to_be_gone(here: Path, there: Path) -> None:
    file = manifests.decode((here / SECOND).read_bytes(), SECOND).files["states"]
    (here / file.name).unlink()
    with pytest.raises(FileNotFoundError):
        sent(here, SECOND, FolderStore(there))
    with pytest.raises(FileNotFoundError):
        sent(here, "manifest-000000000009.json", FolderStore(there))


def damage_bytes(path: Path) -> None:
    flip(path)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def remove(path: Path) -> None:
    path.unlink()


def empty_it(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("how", [damage_bytes, cut, remove, empty_it])
@pytest.mark.parametrize("part", ["states", "names", "heads", "manifest"])
def test_damage_in_the_store_is_named_and_the_older_one_is_taken(
    here: Path, there: Path, empty: Path, part: str, how: Callable[[Path], None]
) -> None:
    store = FolderStore(there)
    sent(here, FIRST, store)
    newest = sent(here, SECOND, store).name
    shelf = Shelf.of(store, ORIGIN)
    file = None if part == "manifest" else shelf.manifest(newest).files[part]
    how(there / shelf.folder / (object_name(file) if file else newest))
    view, damaged = fetched(store, empty)
    assert view is not None and view.offsets.documents == 24 and view.scrub()
    if (part, how) != ("manifest", remove):
        (line,) = damaged
        assert newest in line and (file is None or file.name in line)


def test_all_are_damaged(here: Path, there: Path, empty: Path) -> None:
    store = FolderStore(there)
    sent(here, SECOND, store)
    for path in there.rglob("*-states.zst"):
        path.unlink()
    found = fetch_newest(store, ORIGIN, empty, NOW_MS, lambda done, total: None)
    assert found.name is None and len(found.damaged) == 1


def test_another_cluster_or_encoder_has_a_shelf_of_its_own(here: Path, there: Path, empty: Path) -> None:
    store = FolderStore(there)
    sent(here, SECOND, store)
    for other in ({"cluster_id": "x"}, {"encoder": "x"}, {"partition": 1}, {"topic_ids": {"documents": "x"}}):
        origin = ORIGIN.model_copy(update=other)
        found = fetch_newest(store, origin, empty, NOW_MS, lambda done, total: None)
        assert found == (None, ())
    assert len(shelves(store)) == 1


def test_a_snapshot_that_lies_on_a_wrong_shelf_is_left_out(here: Path, there: Path, empty: Path) -> None:
    store = FolderStore(there)
    sent(here, SECOND, store)
    origin = ORIGIN.model_copy(update={"partition": 1})
    (there / Shelf.of(store, ORIGIN).folder).rename(there / Shelf.of(store, origin).folder)
    found = fetch_newest(store, origin, empty, NOW_MS, lambda done, total: None)
    assert found.name is None and "partition 0" in found.damaged[0]


def test_a_newer_format_is_left_out(here: Path, there: Path, empty: Path) -> None:
    store = FolderStore(there)
    sent(here, FIRST, store)
    manifest = manifests.decode((here / SECOND).read_bytes(), SECOND)
    newer = manifest.model_copy(update={"format_version": manifests.FORMAT_VERSION + 1})
    Shelf.of(store, ORIGIN).put_manifest(manifest_name(manifest), manifests.encode(newer))
    view, damaged = fetched(store, empty)
    assert view is not None and f"format {manifests.FORMAT_VERSION + 1}" in damaged[0]


@pytest.mark.parametrize(("days", "taken"), [(AGE_DAYS_MAX - 0.01, True), (AGE_DAYS_MAX + 0.01, False)])
def test_what_is_too_old_is_not_fetched(here: Path, there: Path, empty: Path, days: float, taken: bool) -> None:
    store = FolderStore(there)
    sent(here, SECOND, store)
    view, damaged = fetched(store, empty, NOW_MS + int(days * DAY_MS))
    assert (view is not None) is taken and bool(damaged) is not taken


def test_a_fetch_that_was_broken_off_goes_on(here: Path, there: Path, empty: Path) -> None:
    store = FolderStore(there)
    sent(here, SECOND, store)
    seen: list[tuple[int, int]] = []

    class Stop(Exception):
        pass

    def stopping(done: int, total: int) -> None:
        seen.append((done, total))
        if done > total // 2:
            raise Stop

    with pytest.raises(Stop):
        fetch_newest(store, ORIGIN, empty, NOW_MS, stopping)
    assert restore(empty, ORIGIN, NOW_MS).view is None, "no manifest before all files"
    view, damaged = fetched(store, empty)
    assert view is not None and not damaged
    assert [done for done, _ in seen] == sorted(done for done, _ in seen) and len({total for _, total in seen}) == 1
