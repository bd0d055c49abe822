"""C1, C2, C12: what a snapshot must survive, each with what guards it turned off, so that these tests can fail."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from index_snapshots.apply import apply
from index_snapshots.folder import Known
from index_snapshots.guards import GUARDS, Guards
from index_snapshots.restore import restore
from index_snapshots.snapshot import write
from index_snapshots.view import ShardView
from tests.unit.index_snapshots.making import ORIGIN, document, logged, no_document, result_of, shard
from tests.unit.index_snapshots.storing import NOW_MS, changed, filled, flip

STREAM = 160


class Killed(BaseException):
    """Stands for kill -9: nothing of the writer runs after it."""


def killed_at(point: int) -> Callable[[int], None]:
    def step(number: int) -> None:
        if number == point:
            raise Killed

    return step


def state(view: ShardView) -> tuple[object, ...]:
    return view.offsets, view.counts, view.digest_documents, view.digest_offers, view.states().tobytes()


def points(tmp_path: Path) -> int:
    """How many there are in a second snapshot."""
    one, known, numbers = filled(), Known(), list[int]()
    (tmp_path / "count").mkdir()
    write(one.view, tmp_path / "count", ORIGIN, 1, NOW_MS, known=known, results=result_of)
    changed(one)
    write(one.view, tmp_path / "count", ORIGIN, 1, NOW_MS, step=numbers.append, known=known, results=result_of)
    return len(numbers)


def left_by(tmp_path: Path, point: int, guards: Guards) -> "tuple[Path, list[tuple[object, ...]]]":
    """A folder whose second snapshot ended at a point, and the states that it may hold."""
    folder = tmp_path / f"point-{point}"
    folder.mkdir()
    one, known = filled(), Known()
    write(one.view, folder, ORIGIN, 1, NOW_MS, known=known, results=result_of)
    allowed = [state(one.view)]
    changed(one)
    with pytest.raises(Killed):
        write(
            one.view,
            folder,
            ORIGIN,
            1,
            NOW_MS,
            step=killed_at(point),
            known=known,
            results=result_of,
            guards=guards,
        )
    return folder, [*allowed, state(one.view)]


def is_well(folder: Path, allowed: "list[tuple[object, ...]]") -> bool:
    """Whether the newest snapshot is whole, and one of these."""
    restored = restore(folder, ORIGIN, NOW_MS)
    return restored.view is not None and not restored.damaged and state(restored.view) in allowed


@pytest.mark.parametrize(("guards", "well"), [(GUARDS, True), (Guards(whole=False), False)])
def test_c1_killed_at_every_point(tmp_path: Path, guards: Guards, well: bool) -> None:
    count = points(tmp_path)
    assert count >= 20
    assert all(is_well(*left_by(tmp_path, point, guards)) for point in range(1, count + 1)) is well


@pytest.mark.parametrize(("guards", "well"), [(GUARDS, True), (Guards(whole=False), False)])
def test_c1_the_power_fails_at_every_point(
    tmp_path: Path, guards: Guards, well: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was never synced is gone: its name is there, and nothing but zeros behind it."""
    synced, sync = set[int](), os.fsync

    def noted(handle: int) -> None:
        synced.add(os.fstat(handle).st_ino)
        sync(handle)

    def survives(point: int) -> bool:
        synced.clear()
        folder, allowed = left_by(tmp_path, point, guards)
        for path in folder.iterdir():
            if path.stat().st_ino not in synced:
                size = path.stat().st_size
                path.unlink()  # it may be a segment's file by another name
                path.write_bytes(bytes(size))
        return is_well(folder, allowed)

    monkeypatch.setattr(os, "fsync", noted)
    assert all(map(survives, range(1, points(tmp_path) + 1))) is well


def test_c2_without_checksums_a_flipped_bit_is_taken_for_what_the_log_says(tmp_path: Path) -> None:
    """The control of `test_snapshot.py`, where all damages of all files are found."""
    one = filled()
    manifest = write(one.view, tmp_path, ORIGIN, 2, NOW_MS)
    for part in ("bodies-0", "vectors-0-0", "heads"):
        folder = tmp_path / part
        shutil.copytree(tmp_path, folder, ignore=lambda _, names: [name for name in names if "-" not in name])
        flip(folder / manifest.files[part].name)
        assert len(restore(folder, ORIGIN, NOW_MS).damaged) == 1
        unseen = restore(folder, ORIGIN, NOW_MS, guards=Guards(checksums=False))
        assert unseen.view is not None and not unseen.damaged
        shutil.rmtree(folder)


@pytest.mark.parametrize(("guards", "well"), [(GUARDS, True), (Guards(offsets=False), False)])
def test_c12_written_while_upserts_stream_it_is_the_state_at_its_offset(
    tmp_path: Path, guards: Guards, well: bool
) -> None:
    documents = [document(f"p{at % 29}", at + 1, seed=at) for at in range(STREAM)]
    documents[STREAM // 2 + 5] = no_document("p3", STREAM // 2 + 6)
    log = logged("documents", documents)
    one, coming = shard(), iter(log[STREAM // 2 :])
    apply(log[: STREAM // 2], one)

    def step(_: int) -> None:
        apply([record for record in [next(coming, None)] if record], one)

    write(one.view, tmp_path, ORIGIN, 2, NOW_MS, step=step, guards=guards)
    assert one.view.offsets.documents > STREAM // 2 + 10, "it streamed meanwhile"
    view = restore(tmp_path, ORIGIN, NOW_MS).view
    assert view is not None
    model, straight, again = shard(), shard(), shard(start=view)
    apply(log[: view.offsets.documents], model)
    apply(log, straight)
    apply(log[view.offsets.documents :], again)
    assert (state(view) == state(model.view)) is well
    assert (state(again.view) == state(straight.view)) is well
