"""What merges under way have come to lies in a snapshot: used at a start, and done again where it is damaged."""

import gc
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from index_snapshots import manifest as manifests
from index_snapshots import row_pieces
from index_snapshots.apply import apply
from index_snapshots.builder import Builder, BuilderHere, Built
from index_snapshots.fetching import fetch_newest
from index_snapshots.folder import Known, Steps, store
from index_snapshots.guards import Guards
from index_snapshots.made_again import needed, results_of, without, words_of
from index_snapshots.manifest import Manifest, StoredFile
from index_snapshots.merge import Merge
from index_snapshots.pace import Pace
from index_snapshots.restore import Restored, restore
from index_snapshots.shelf import Shelf, object_name
from index_snapshots.shipping import ship
from index_snapshots.snapshot import write
from index_snapshots.store_folder import FolderStore
from index_snapshots.view import ShardView
from index_snapshots.writer import ShardWriter
from tests.unit.index_snapshots.golden import NOW_MS, golden_shard
from tests.unit.index_snapshots.making import ORIGIN, SMALL, document, logged, result_of
from tests.unit.index_snapshots.test_snapshot import DAMAGE

MORE = 40
"""Documents after the snapshot: what is under way there is installed, and its segments are merged again."""


WORDS = {"words-rest", "slots"}


class Counting(BuilderHere):
    """Counts what it is asked for."""

    def __init__(self) -> None:
        self.started = 0

    def start(self, job: Merge) -> Built:
        self.started += 1
        return super().start(job)


def stored(folder: Path) -> tuple[ShardWriter, Manifest]:
    one = golden_shard()
    manifest = write(one.view, folder, ORIGIN, keep=2, now_ms=NOW_MS, results=result_of)
    assert any(merge.of_base for merge in manifest.structure.merges)
    return one, manifest


def opened(view: ShardView, folder: Path, builder: Builder) -> ShardWriter:
    return ShardWriter(view.identity, lambda: NOW_MS, folder, builder, SMALL, view)


def traces(one: ShardWriter) -> list[int]:
    """The digest of structure after each of some documents more."""
    found, begin = [], one.view.offsets.documents
    for at in range(MORE):
        apply(logged("documents", [document(f"m{at}", 200 + at, seed=at)], begin + at, NOW_MS), one)
        found.append(one.structure.structure_digest())
    assert one.view.scrub()
    return found


def own(manifest: Manifest) -> list[str]:
    """Parts of the results whose files no other part has."""
    others = {manifest.files[part].name for part in needed(manifest)}
    return sorted(part for parts in results_of(manifest) for part in parts if manifest.files[part].name not in others)


def test_it_is_not_built_again(tmp_path: Path) -> None:
    one, manifest = stored(tmp_path)
    assert {part.split("-")[0] for part in own(manifest)} == {"graph", "rows", "vectors", "codes"}
    restored = restore(tmp_path, ORIGIN, NOW_MS)
    assert restored.view is not None and not restored.merges_damaged
    builder = Counting()
    again = opened(restored.view, tmp_path / "segments", builder)
    assert builder.started == 0 and again.structure.structure_digest() == one.structure.structure_digest()
    assert traces(again) == traces(one)


def test_without_it_is_built_again(tmp_path: Path) -> None:
    one = golden_shard()
    manifest = write(one.view, tmp_path, ORIGIN, keep=2, now_ms=NOW_MS)
    assert not own(manifest) and all(merge.result is None for merge in manifest.structure.merges)
    view = restore(tmp_path, ORIGIN, NOW_MS).view
    assert view is not None
    builder = Counting()
    again = opened(view, tmp_path / "segments", builder)
    assert builder.started == len(manifest.structure.merges)
    assert traces(again) == traces(one)


def test_its_files_stay_those_of_the_snapshot(tmp_path: Path) -> None:
    """Installed, merged again and forgotten: segments of the shard's own remove their files then."""
    _, manifest = stored(tmp_path)
    view = restore(tmp_path, ORIGIN, NOW_MS).view
    assert view is not None
    again = opened(view, tmp_path / "segments", BuilderHere())
    del view
    traces(again)
    gc.collect()
    assert {file.name for file in manifest.files.values()} <= {path.name for path in tmp_path.iterdir()}


def test_snapshots_after_a_start_hold_it_too(tmp_path: Path) -> None:
    one, manifest = stored(tmp_path)
    known = Known()
    view = restore(tmp_path, ORIGIN, NOW_MS, known).view
    assert view is not None
    again = opened(view, tmp_path / "segments", BuilderHere())
    after = write(again.view, tmp_path, ORIGIN, keep=1, now_ms=NOW_MS, known=known, results=result_of)
    assert after.structure.merges == manifest.structure.merges and own(after) == own(manifest)
    once_more = restore(tmp_path, ORIGIN, NOW_MS).view
    assert once_more is not None
    builder = Counting()
    last = opened(once_more, tmp_path / "last", builder)
    assert builder.started == 0 and traces(last) == traces(one)


def test_the_shard_may_install_it_and_merge_it_again_meanwhile(tmp_path: Path) -> None:
    one = golden_shard()
    view, offset = one.view, one.view.offsets.documents
    straight = traces(golden_shard())

    def step(number: int) -> None:
        if number == 1:
            traces(one)
            gc.collect()

    write(view, tmp_path, ORIGIN, keep=1, now_ms=NOW_MS, step=step, results=result_of)
    assert one.view.offsets.documents == offset + MORE
    restored = restore(tmp_path, ORIGIN, NOW_MS).view
    assert restored is not None and traces(opened(restored, tmp_path / "here", BuilderHere())) == straight


class Whole(NamedTuple):
    folder: Path
    manifest: Manifest
    traces: list[int]
    """Of the shard that goes on."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """A snapshot to be copied and damaged."""
    folder = tmp_path_factory.mktemp("whole")
    one, manifest = stored(folder)
    return Whole(folder, manifest, traces(one))


@pytest.mark.parametrize("part", ["graph", "rows", "vectors", "codes"])
@pytest.mark.parametrize("how", DAMAGE)
def test_damage_is_found_and_the_merge_is_done_again(tmp_path: Path, whole: Whole, part: str, how: str) -> None:
    shutil.copytree(whole.folder, tmp_path, dirs_exist_ok=True)
    manifest = whole.manifest
    broken = next(name for name in own(manifest) if name.startswith(f"{part}-"))
    file = manifest.files[broken]
    DAMAGE[how](tmp_path / file.name)
    known = Known()
    restored = restore(tmp_path, ORIGIN, NOW_MS, known)
    assert restored.view is not None and not restored.damaged, "the snapshot is good without it"
    (line,) = restored.merges_damaged
    assert file.name in line
    builder = Counting()
    again = opened(restored.view, tmp_path / "segments", builder)
    assert builder.started >= 1 and known.newest is not None and broken not in known.newest.files
    written = write(again.view, tmp_path, ORIGIN, keep=2, now_ms=NOW_MS, known=known, results=result_of)
    assert written.structure.merges == manifest.structure.merges, "it is whole again"
    assert not restore(tmp_path, ORIGIN, NOW_MS).merges_damaged
    assert traces(again) == whole.traces


def test_without_checksums_a_flipped_bit_is_installed(tmp_path: Path) -> None:
    """The control."""
    one, manifest = stored(tmp_path)
    broken = next(name for name in own(manifest) if name.startswith("vectors-"))
    right = traces(one)
    DAMAGE["flip one in the middle"](alone(tmp_path / manifest.files[broken].name))
    unseen = restore(tmp_path, ORIGIN, NOW_MS, guards=Guards(checksums=False))
    assert unseen.view is not None and not unseen.merges_damaged
    assert _goes_wrong(opened(unseen.view, tmp_path / "segments", BuilderHere()), right)


def alone(path: Path) -> Path:
    """The same file, with no other name."""
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data)
    return path


def _goes_wrong(shard_: ShardWriter, right: list[int]) -> bool:
    try:
        return traces(shard_) != right
    except AssertionError:
        return True


def test_damage_in_a_file_that_the_base_has_too_is_damage_of_the_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_pieces, "ROWS_MIN", 16)
    _, manifest = stored(tmp_path)
    both = next(part for part in sorted(results_of(manifest)[0]) if part not in own(manifest))
    DAMAGE["flip the last"](tmp_path / manifest.files[both].name)
    restored = restore(tmp_path, ORIGIN, NOW_MS)
    assert restored.view is None and len(restored.damaged) == 1


def a_word(folder: Path) -> Callable[[Steps, Known], dict[str, StoredFile]]:
    return lambda steps, known: {"words-rest": store(folder, "words", [b"words"], steps)}


@pytest.mark.parametrize("lost", ["result", *sorted(WORDS)])
def test_lost_in_the_store_the_snapshot_comes_without(tmp_path: Path, lost: str) -> None:
    here, there, empty = (tmp_path / name for name in ("here", "there", "empty"))
    for folder in (here, there, empty):
        folder.mkdir()
    one, target = golden_shard(), FolderStore(there)
    words = a_word(here)
    manifest = write(one.view, here, ORIGIN, keep=2, now_ms=NOW_MS, words=words, results=result_of)
    ship(here, "manifest-000000000001.json", target, Pace(0))
    part = own(manifest)[0] if lost == "result" else lost
    (there / Shelf.of(target, ORIGIN).folder / object_name(manifest.files[part])).unlink()
    fetched = fetch_newest(target, ORIGIN, empty, NOW_MS, lambda done, total: None)
    assert fetched.name is not None and manifest.files[part].name in fetched.damaged[0]
    known = Known()
    restored = restore(empty, ORIGIN, NOW_MS, known)
    assert restored.view is not None and not restored.damaged and not restored.merges_damaged
    assert known.newest is not None and known.newest == without(manifest, [part])
    builder = Counting()
    again = opened(restored.view, tmp_path / "segments", builder)
    assert (builder.started == 0) is (lost in WORDS) and traces(again) == traces(one)


def test_what_is_left_without_damaged_parts(tmp_path: Path) -> None:
    one = golden_shard()
    manifest = write(one.view, tmp_path, ORIGIN, 2, NOW_MS, words=a_word(tmp_path), results=result_of)
    assert without(manifest, []) == manifest and words_of(manifest) == WORDS
    results = results_of(manifest)
    first = without(manifest, [next(iter(results[0]))])
    assert set(first.files) == set(manifest.files) - results[0]
    assert [merge.result is None for merge in first.structure.merges] == [True] + [False] * (len(results) - 1)
    for part in WORDS:
        assert set(without(manifest, [part]).files) == set(manifest.files) - WORDS
    assert needed(manifest) == set(manifest.files).difference(WORDS, *results)


def test_another_size_than_its_rows_does_not_fit(tmp_path: Path) -> None:
    _, manifest = stored(tmp_path)
    merges = list(manifest.structure.merges)
    assert merges[0].result is not None
    result = merges[0].result.model_copy(update={"size": merges[0].result.size + 1})
    merges[0] = merges[0].model_copy(update={"result": result})
    structure = manifest.structure.model_copy(update={"merges": merges})
    lied = manifest.model_copy(update={"structure": structure})
    (tmp_path / "manifest-000000000001.json").write_bytes(manifests.encode(lied))
    restored: Restored = restore(tmp_path, ORIGIN, NOW_MS)
    assert restored.view is None and "in its result" in restored.damaged[0]
