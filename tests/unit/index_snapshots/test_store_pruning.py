"""What goes from a store, and when."""

from pathlib import Path

import pytest

from index_snapshots import manifest as manifests
from index_snapshots.manifest import FORMAT_VERSION
from index_snapshots.pace import Pace
from index_snapshots.retention import HORIZON_MS
from index_snapshots.shelf import Shelf, manifest_name
from index_snapshots.shipping import ship
from index_snapshots.store_folder import FolderStore
from index_snapshots.store_pruning import GRACE_S, StorePruner
from tests.unit.index_snapshots.making import ORIGIN
from tests.unit.index_snapshots.storing import NOW_MS, flip, two_snapshots


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """With two snapshots, the first from before the horizon."""
    (tmp_path / "store").mkdir()
    store = FolderStore(tmp_path / "store")
    two_snapshots(tmp_path / "here")
    for number in (1, 2):
        ship(tmp_path / "here", f"manifest-{number:012}.json", store, Pace(0))
    return Shelf.of(store, ORIGIN)


def test_the_oldest_inside_the_horizon_stays_until_another_is_from_before_it(shelf: Shelf) -> None:
    newest, first = shelf.manifests()
    done = StorePruner(shelf, 1).prune(NOW_MS + 10, 0)
    assert list(done.stays) == [newest, first] and "inside" in done.stays[first]
    done = StorePruner(shelf, 1).prune(NOW_MS + HORIZON_MS, 0)
    assert list(done.stays) == [newest, first] and "before" in done.stays[first]
    done = StorePruner(shelf, 1).prune(NOW_MS + 1 + HORIZON_MS, 0)
    assert list(done.stays) == [newest] and done.snapshots == [first] and shelf.manifests() == [newest]


def test_objects_go_when_they_were_not_needed_for_long(shelf: Shelf) -> None:
    newest, _ = shelf.manifests()
    pruner, late_ms = StorePruner(shelf, 1), NOW_MS + 1 + HORIZON_MS
    before = shelf.contents()[1]
    assert pruner.prune(late_ms, 100.0).objects == []
    assert pruner.prune(late_ms, 100.0 + GRACE_S - 1).objects == [] and shelf.contents()[1] == before
    done = pruner.prune(late_ms, 100.0 + GRACE_S)
    assert done.objects and shelf.contents()[1] == before - set(done.objects)
    assert not shelf.look(newest, every_byte=True).damages


def test_an_object_that_is_needed_again_stays(shelf: Shelf, tmp_path: Path) -> None:
    pruner, late_ms = StorePruner(shelf, 1), NOW_MS + 1 + HORIZON_MS
    pruner.prune(late_ms, 100.0)
    ship(tmp_path / "here", "manifest-000000000001.json", shelf.store, Pace(0))
    assert StorePruner(shelf, 2).prune(late_ms, 0).snapshots == []
    pruner._keep = 2
    assert pruner.prune(late_ms, 100.0 + GRACE_S).objects == []
    assert pruner._unneeded == {}


def test_a_dry_run_only_says(shelf: Shelf) -> None:
    before = shelf.contents()
    done = StorePruner(shelf, 1, grace_s=0).prune(NOW_MS + 1 + HORIZON_MS, 0, dry_run=True)
    assert done.snapshots and done.objects and shelf.contents() == before


def test_damaged_ones_do_not_count(shelf: Shelf, tmp_path: Path) -> None:
    newest, first = shelf.manifests()
    file = next((tmp_path / "store").rglob(f"{shelf.manifest(newest).files['states'].name}*"))
    flip(file)
    late_ms = NOW_MS + 1 + HORIZON_MS
    assert list(StorePruner(shelf, 1).prune(late_ms, 0, every_byte=True, dry_run=True).stays) == [first]
    file.unlink()
    assert list(StorePruner(shelf, 1).prune(late_ms, 0, dry_run=True).stays) == [first], "that one is seen at once"


def test_where_a_newer_freshet_stores_nothing_goes(shelf: Shelf) -> None:
    newest, _ = shelf.manifests()
    newer = shelf.manifest(newest).model_copy(update={"format_version": FORMAT_VERSION + 1, "documents_offset": 99})
    shelf.put_manifest(manifest_name(newer), manifests.encode(newer))
    before = shelf.contents()
    done = StorePruner(shelf, 1, grace_s=0).prune(NOW_MS + 1 + HORIZON_MS, 0)
    assert (done.snapshots, done.objects) == ([], []) and shelf.contents() == before
