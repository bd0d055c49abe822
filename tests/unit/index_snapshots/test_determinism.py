"""A shard is a pure function of its log: however the log was cut, interleaved, interrupted and built, the same bytes.

`make drills` has the same with more rows and dimensions (tests/drills/test_determinism_drill.py).
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index_snapshots.builder import Builder, BuilderProcess
from index_snapshots.guards import Guards
from index_snapshots.snapshot import ResultOf, no_results
from index_snapshots.vectors import Vectors
from tests.unit.index_snapshots.churning import Churn, Seen, Trace, Way, built, churn
from tests.unit.index_snapshots.making import result_of
from tests.unit.index_snapshots.odd_builders import EarlyBuilder, LateBuilder

EVENTS, SKUS, DIM = 4_500, 700, 32
REPAIRS_MIN = 3
SIMD_FOUND: list[str] = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
SIMD_LEVELS: tuple[dict[str, str], ...] = (
    {
        "FAISS_SIMD_LEVEL": "NONE",
        "NPY_DISABLE_CPU_FEATURES": " ".join(SIMD_FOUND),
        "OPENBLAS_CORETYPE": "Prescott",
    },
    {"FAISS_SIMD_LEVEL": "AVX2", "OPENBLAS_CORETYPE": "Haswell"},
    {},
)
"""For FAISS and for numpy: as on a CPU of 2004, on one of 2013, and as they choose by themselves."""


@pytest.fixture(scope="module")
def log() -> Churn:
    return churn(EVENTS, SKUS, DIM)


@pytest.fixture(scope="module")
def straight(log: Churn, tmp_path_factory: pytest.TempPathFactory) -> Trace:
    """The reference."""
    trace, seen = built(log, Way(), tmp_path_factory.mktemp("straight"))
    said("straight", seen)
    assert len(seen.repairs) >= REPAIRS_MIN and seen.rebuilds and seen.extended and seen.beside > 1
    return trace


def said(way: str, seen: Seen) -> None:
    print(
        f"{way}: {seen.merges} merges, {len(seen.repairs)} of the base with dead rows taken out, "
        f"{len(seen.rebuilds)} of them anew, "
        f"{len(seen.extended)} of a small segment, {seen.beside} at a time, {seen.waits} waits, "
        f"{seen.carried} begun again after a restart"
    )


def assert_same(one: Trace, other: Trace) -> None:
    assert one.checkpoints.keys() == other.checkpoints.keys()
    assert [at for at, digest in one.checkpoints.items() if other.checkpoints[at] != digest] == []
    assert [json.loads(text) for text in one.snapshots] == [json.loads(text) for text in other.snapshots]
    assert one.answers == other.answers


def test_batches_and_interleaving_leave_no_trace(log: Churn, straight: Trace, tmp_path: Path) -> None:
    trace, seen = built(log, Way(1), tmp_path)
    said("cut and interleaved", seen)
    assert len(seen.repairs) >= REPAIRS_MIN
    assert_same(trace, straight)


@pytest.mark.parametrize("results", [no_results, result_of])
def test_restarts_leave_no_trace(log: Churn, straight: Trace, tmp_path: Path, results: ResultOf) -> None:
    """Merges that were under way are begun again from the snapshot, or come with it, and are installed at the same
    seals."""
    trace, seen = built(log, Way(3, restarts=8, results=results), tmp_path)
    said("restarted", seen)
    assert seen.carried > 0 and len(seen.repairs) >= REPAIRS_MIN
    assert_same(trace, straight)


@pytest.mark.parametrize("builder", [LateBuilder, lambda: EarlyBuilder(2), BuilderProcess])
def test_the_builder_s_pace_leaves_no_trace(
    log: Churn, straight: Trace, tmp_path: Path, builder: Callable[[], Builder]
) -> None:
    trace, seen = built(log, Way(5, restarts=2, builder=builder), tmp_path)
    said(f"built by {getattr(builder, '__name__', 'another')}", seen)
    assert len(seen.repairs) >= REPAIRS_MIN
    assert seen.waits or builder is not LateBuilder
    assert_same(trace, straight)


def traces_under(level: dict[str, str], events: int, skus: int, dims: tuple[int, ...]) -> Any:
    """What `churning.main` prints in a process with this level."""
    command = [sys.executable, "-m", "tests.unit.index_snapshots.churning", *map(str, (events, skus, *dims))]
    return json.loads(subprocess.check_output(command, env={**os.environ, **level}))


def test_no_cpu_leaves_a_trace() -> None:
    """Dimensions that FAISS computes in whole numbers (a multiple of 16), and in vectors of 8 floats.

    Queries that are not of whole numbers are the negative control: their sums depend on the CPU.
    """
    with ThreadPoolExecutor() as threads:
        said = threads.map(lambda level: traces_under(level, 3_000, 500, (32, 24)), SIMD_LEVELS)
    plain, avx2, usual = said
    assert min(plain["repairs"]) >= REPAIRS_MIN
    for other in (avx2, usual):
        assert [one == trace for one, trace in zip(other["traces"], plain["traces"], strict=True)] == [True] * 2
        assert other["whole"] == plain["whole"]
    if "avx2" in Path("/proc/cpuinfo").read_text():
        assert avx2["broken"] != plain["broken"]


class InstallsWhenReady(Vectors):
    """The bug of every engine that is not paced: a merge is installed as soon as it is done."""

    def _seal(self, time_ms: int) -> None:
        for pending in [one for one in self._pending if one.built.done]:
            self._install(pending)
        super()._seal(time_ms)


def differing(one: Trace, other: Trace) -> set[str]:
    """Which digests of the two differ at any checkpoint, and whether their files do."""
    kinds = set()
    assert one.checkpoints.keys() == other.checkpoints.keys()
    for at, digests in one.checkpoints.items():
        (mine, structure), (theirs, other_structure) = digests.split(" "), other.checkpoints[at].split(" ")
        kinds |= {at.split()[0]} if mine != theirs else set()
        kinds |= {"structure"} if structure != other_structure else set()
    return kinds | ({"files"} if one.snapshots != other.snapshots else set())


def test_levels_by_chance_are_found(log: Churn, straight: Trace, tmp_path: Path) -> None:
    """The bug that HNSW brings along."""
    trace, _ = built(log, Way(guards=Guards(levels=False)), tmp_path)
    assert differing(trace, straight) == {"structure", "files"}


@pytest.mark.parametrize("builder", [LateBuilder, lambda: EarlyBuilder(2)])
def test_a_merge_installed_when_it_is_ready_is_found(
    log: Churn, straight: Trace, tmp_path: Path, builder: Callable[[], Builder]
) -> None:
    """With a builder that is never early it is only luck that nothing differs."""
    trace, _ = built(log, Way(builder=builder, vectors=InstallsWhenReady), tmp_path)
    assert differing(trace, straight) == (set() if builder is LateBuilder else {"structure", "files"})
