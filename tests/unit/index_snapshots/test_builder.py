"""The builder's process: what kills it, what it waits for, how nice it is, and that it never outlives its parent."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from index_snapshots.builder import CRASHES_MAX, NICE, BuilderProcess, BuildFailed
from index_snapshots.calibrate import Calibration
from index_snapshots.merge import Files, FromHead, FromSegment, Merge, Segment, merge
from tests.waiting import LIMIT_S

DIM = 32
LONG, SHORT = 2_000, 200
"""Rows whose graph is larger, and smaller, than ROOM_BYTES."""
ROOM_BYTES = 100_000
Room = Callable[[int], None]


def job(folder: Path, rows: int, seed: int = 1, base: FromSegment | None = None) -> Merge:
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((rows, DIM))
    vectors /= np.linalg.norm(vectors, axis=1)[:, None]
    levels = np.minimum(rng.geometric(15 / 16, rows), 8).astype(np.uint8)
    folder.mkdir(parents=True)
    return Merge(folder, DIM, 0.98, base, (FromHead(0, vectors.astype(np.float16), levels, rng.random(rows) < 0.9),))


@pytest.fixture
def no_room() -> Iterator[Room]:
    """A long merge stays under way: who begins from now on cannot write its graph, and tries it again and again.

    The call gives room to a process, and to those that begin after it.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def room(pid: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)

    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM_BYTES, before[1]))
    yield room
    room(os.getpid())


@pytest.fixture
def builder(monkeypatch: pytest.MonkeyPatch) -> Iterator[BuilderProcess]:
    """Without the threads of numpy, so that those of merges can be told."""
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    builder = BuilderProcess()
    yield builder
    builder.close()


def until(what: Callable[[], bool]) -> None:
    end_s = time.monotonic() + LIMIT_S
    while not what():
        assert time.monotonic() < end_s
        time.sleep(0.002)


def threads(pid: int) -> list[tuple[int, int]]:
    """Niceness and CPU time in ticks of each thread but the first."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            fields = (task / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
        if task.name != str(pid):
            found.append((int(fields[16]), int(fields[11])))
    return found


def merging(pid: int) -> int:
    """How many of its threads do a merge that has time."""
    return sum(nice == NICE for nice, _ in threads(pid))


def hurrying(pid: int) -> bool:
    """Whether a thread that is not nicer than the whole process has done a part of a merge."""
    return any(nice == os.getpriority(os.PRIO_PROCESS, pid) and ticks >= 3 for nice, ticks in threads(pid))


def running(pid: int) -> bool:
    try:
        return state(pid) != "Z"
    except FileNotFoundError:
        return False


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def names(segment: Segment) -> list[str]:
    """Equal for equal bytes: the files are named by their content."""
    return [segment.name, *(path.name for path in segment.files.all)]


def pid_of(builder: BuilderProcess) -> int:
    assert builder.pid is not None
    return builder.pid


def test_what_the_process_builds_is_what_is_built_here(builder: BuilderProcess, tmp_path: Path) -> None:
    built = builder.start(job(tmp_path / "there", SHORT))
    assert names(built.result()) == names(merge(job(tmp_path / "here", SHORT)))
    assert built.done and builder.cpu_s > 0


def test_killed_in_the_middle_it_is_done_again(no_room: Room, builder: BuilderProcess, tmp_path: Path) -> None:
    first = pid_of(builder)
    built = builder.start(job(tmp_path / "there", LONG))
    until(lambda: merging(first) == 1)
    assert not built.done
    no_room(first)
    os.kill(first, signal.SIGKILL)
    assert names(built.result()) == names(merge(job(tmp_path / "here", LONG)))
    assert pid_of(builder) != first and not running(first)


def test_killed_when_it_hurries_it_hurries_again(no_room: Room, builder: BuilderProcess, tmp_path: Path) -> None:
    first = pid_of(builder)
    built = builder.start(job(tmp_path / "there", LONG))
    built.hurry()
    until(lambda: hurrying(first))
    os.kill(first, signal.SIGKILL)
    until(lambda: builder.pid not in (None, first))
    second = pid_of(builder)
    until(lambda: hurrying(second))
    assert not built.done and merging(second) == 0
    no_room(second)
    assert built.result().size


def test_a_merge_that_always_kills_it_is_given_up(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """And the next one is built: no crash loop, and no builder that stays away."""
    with closing(BuilderProcess()) as builder:  # begun here, so that `capfd` has what it says
        broken = tmp_path / "broken"
        broken.write_bytes(b"no graph")
        segment = Segment(Files(broken, broken, (broken,), (broken,)), 9, Calibration(16, 1.0))
        bad = builder.start(job(tmp_path / "bad", SHORT, base=FromSegment(segment, np.ones(9, dtype=np.bool_))))
        with pytest.raises(
            BuildFailed, match=f"died {CRASHES_MAX} times over a merge of .* into .*bad; is memory short"
        ):
            bad.result()
        assert bad.done and capfd.readouterr().err.count("Traceback") == CRASHES_MAX
        assert builder.start(job(tmp_path / "good", SHORT)).result().size


def test_killed_once_too_often_from_outside(no_room: Room, builder: BuilderProcess, tmp_path: Path) -> None:
    """At CRASHES_MAX; one less is `test_killed_in_the_middle_it_is_done_again`, twice."""
    built = builder.start(job(tmp_path / "there", LONG))
    seen: set[int] = set()
    for _ in range(CRASHES_MAX):
        until(lambda: builder.pid not in (None, *seen))
        seen.add(pid := pid_of(builder))
        until(lambda pid=pid: merging(pid) == 1)  # type: ignore[misc]
        assert not built.done
        os.kill(pid, signal.SIGKILL)
    with pytest.raises(BuildFailed):
        built.result()
    assert builder.pid is None and len(seen) == CRASHES_MAX


def test_closed_while_somebody_waits(no_room: Room, builder: BuilderProcess, tmp_path: Path) -> None:
    built = builder.start(job(tmp_path / "there", LONG))
    builder.close()
    with pytest.raises(BuildFailed, match="closed"):
        built.result()


PARENT = """
import resource, sys, time
from pathlib import Path
from index_snapshots.builder import BuilderProcess
from tests.unit.index_snapshots.test_builder import LONG, ROOM_BYTES, job
resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM_BYTES, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
builder = BuilderProcess()
builder.start(job(Path(sys.argv[1]), LONG))
print(builder.pid, flush=True)
time.sleep(600)
"""


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path / "there")], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    until(lambda: merging(child) == 1)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until(lambda: not running(child))


@pytest.mark.parametrize("share", [0.1, 0.9, 1.0], ids=["little", "most", "one byte short"])
def test_a_full_disk_is_waited_for(tmp_path: Path, share: float, capfd: pytest.CaptureFixture[str]) -> None:
    """A limit on the size of a file is a disk that is full, for those who write."""
    with closing(BuilderProcess()) as builder:  # begun here, so that `capfd` has what it says
        here = merge(job(tmp_path / "here", SHORT))
        pid, no_limit = pid_of(builder), resource.getrlimit(resource.RLIMIT_FSIZE)
        limit = int(here.files.graph.stat().st_size * share) - 1
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (limit, no_limit[1]))
        built = builder.start(job(tmp_path / "there", SHORT))
        until(lambda: "merge not written, trying again: " in capfd.readouterr().err)
        assert not built.done and running(pid)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, no_limit)
        assert names(built.result()) == names(here) and pid_of(builder) == pid


def test_a_folder_that_is_away_is_waited_for(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with closing(BuilderProcess()) as builder:  # begun here, so that `capfd` has what it says
        away = job(tmp_path / "there", SHORT)
        away.folder.rmdir()
        built = builder.start(away)
        until(lambda: "No such file or directory" in capfd.readouterr().err)
        away.folder.mkdir()
        assert built.result().size == len(np.fromfile(built.result().files.rows, dtype=np.int64))


def test_who_hurries_is_no_longer_nice(no_room: Room, builder: BuilderProcess, tmp_path: Path) -> None:
    pid = pid_of(builder)
    built = builder.start(job(tmp_path / "there", LONG))
    until(lambda: merging(pid) == 1)
    built.hurry()
    until(lambda: hurrying(pid) and merging(pid) == 0)
    assert not built.done, "it goes on without being nice"
    no_room(pid)
    assert names(built.result()) == names(merge(job(tmp_path / "here", LONG)))


def test_two_merges_at_a_time(no_room: Room, builder: BuilderProcess, tmp_path: Path) -> None:
    pid = pid_of(builder)
    both = [builder.start(job(tmp_path / f"there-{seed}", LONG, seed)) for seed in (1, 2)]
    until(lambda: merging(pid) == 2)
    assert not any(built.done for built in both)
    no_room(pid)
    for seed, built in enumerate(both, 1):
        assert names(built.result()) == names(merge(job(tmp_path / f"here-{seed}", LONG, seed)))
