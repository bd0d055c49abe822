"""Snapshots of every format that was ever written are read, byte for byte what they were; newer ones are refused."""

import shutil
from pathlib import Path

import pytest

from index_snapshots import manifest as manifests
from index_snapshots.apply import apply
from index_snapshots.inventory import snapshots
from index_snapshots.manifest import FORMAT_VERSION, ONE_FILE_OF_BODIES, ONE_FILE_OF_VECTORS
from index_snapshots.protocol import Counts
from index_snapshots.restore import restore
from index_snapshots.snapshot import write
from index_snapshots.stored_state import unpacked
from schemas.errors import StateRefused
from schemas.filters import Filters
from tests.unit.index_snapshots.golden import FOLDER, NOW_MS, golden_shard
from tests.unit.index_snapshots.making import ORIGIN, document, logged, result_of, shard, unit

FORMATS = range(ONE_FILE_OF_BODIES, FORMAT_VERSION + 1)
DOCUMENTS, OFFERS = "b415bab6f93598c6daaa92a82c1943ef", "616f46d0fe9ec44d3861caf0f4c3f3dc"
WHOLE_VECTORS, PIECES = 0x563F2613BEA77C83F755546A3852D5B4, 0x81DD3AC0E6730311414746F6ECEA82F9
"""Of structure, which tells of files: up to format 3, and since."""
PACKED = {"states", "names"}
COUNTS = Counts(skus=41, rows=37, visible=37, held_offers=1)


@pytest.mark.parametrize("version", FORMATS)
def test_it_gives_the_digests_that_it_had_when_it_was_written(version: int) -> None:
    folder = FOLDER / f"format-{version}"
    restored = restore(folder, ORIGIN, NOW_MS)
    view = restored.view
    assert view is not None and not restored.damaged and view.scrub()
    one = shard(start=view)
    assert (view.digest_documents, view.digest_offers) == (DOCUMENTS, OFFERS)
    structure = WHOLE_VECTORS if version <= ONE_FILE_OF_VECTORS else PIECES
    assert one.structure.structure_digest() == structure and view.counts == COUNTS
    assert view.lookup("ä").hit is not None and view.lookup("p01").deleted
    assert [found.sku for found in view.search(unit(65), 1, Filters(brand=["Anker"])).found] == ["p05"]
    (stored,) = snapshots(folder, every_byte=True)
    assert not stored.damages and stored.manifest is not None and stored.manifest.format_version == version


@pytest.mark.parametrize("version", FORMATS)
def test_it_goes_on_as_if_this_freshet_had_written_it(version: int, tmp_path: Path) -> None:
    """From the next merge of the base on its files are those of today."""
    folder = tmp_path / "here"
    shutil.copytree(FOLDER / f"format-{version}", folder)
    before = restore(folder, ORIGIN, NOW_MS).view
    assert before is not None
    one, other = shard(start=before), golden_shard()
    for each in (one, other):
        more = [document(f"q{at}", 100 + at, seed=100 + at) for at in range(9)]
        apply(logged("documents", more, each.view.offsets.documents, NOW_MS), each)
    written = write(one.view, folder, ORIGIN, 2, NOW_MS)
    assert written.format_version == FORMAT_VERSION
    again = restore(folder, ORIGIN, NOW_MS).view
    assert again is not None and again.scrub() and again.digest_documents == other.view.digest_documents
    assert shard(start=again).structure.structure_digest() == other.structure.structure_digest()


def test_what_is_written_today_is_the_golden_one_of_today(tmp_path: Path) -> None:
    """Another layout needs another number. What a graph holds may change without: FAISS and the merges decide it."""
    golden = manifests.decode((FOLDER / f"format-{FORMAT_VERSION}" / "manifest-000000000001.json").read_bytes(), "it")
    written = write(golden_shard().view, tmp_path, ORIGIN, keep=1, now_ms=NOW_MS, results=result_of)
    assert all(merge.result is not None for merge in written.structure.merges)
    assert written.model_dump().keys() == golden.model_dump().keys() and written.files.keys() == golden.files.keys()
    same = {part for part, file in written.files.items() if golden.files[part] == file}
    assert {part for part in golden.files if not part.startswith("graph-")} - PACKED <= same
    for part in PACKED:  # what zstd makes of it is its own affair
        one, other = (
            tmp_path / written.files[part].name,
            FOLDER / f"format-{FORMAT_VERSION}" / golden.files[part].name,
        )
        assert unpacked(one.read_bytes(), FORMAT_VERSION) == unpacked(other.read_bytes(), FORMAT_VERSION)


@pytest.mark.parametrize("version", [ONE_FILE_OF_BODIES - 1, FORMAT_VERSION + 1])
def test_one_that_is_older_is_left_out_and_one_that_is_newer_is_refused(version: int, tmp_path: Path) -> None:
    name = "manifest-000000000001.json"
    golden = manifests.decode((FOLDER / f"format-{FORMAT_VERSION}" / name).read_bytes(), name)
    (tmp_path / name).write_bytes(manifests.encode(golden.model_copy(update={"format_version": version})))
    if version < ONE_FILE_OF_BODIES:
        restored = restore(tmp_path, ORIGIN, NOW_MS)
        assert restored.view is None and "format 1, of an older Freshet" in restored.damaged[0]
        return
    with pytest.raises(StateRefused, match=f"format {version}; this Freshet reads up to {FORMAT_VERSION}") as error:
        restore(tmp_path, ORIGIN, NOW_MS)
    assert "newer Freshet" in error.value.hint


def test_without_the_check_of_its_number_a_newer_one_would_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """C6: nothing else refuses it."""
    folder = tmp_path / "here"
    shutil.copytree(FOLDER / f"format-{FORMAT_VERSION}", folder)
    (path,) = folder.glob("manifest-*.json")
    golden = manifests.decode(path.read_bytes(), path.name)
    path.write_bytes(manifests.encode(golden.model_copy(update={"format_version": FORMAT_VERSION + 1})))
    monkeypatch.setattr(manifests, "FORMAT_VERSION", FORMAT_VERSION + 1)
    assert restore(folder, ORIGIN, NOW_MS).view is not None
