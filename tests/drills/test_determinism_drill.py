"""The same log, the same bytes: as in tests/unit/index_snapshots/test_determinism.py, with more rows, as in production.

Prints a line of JSON per way of reading the log.
"""

import json
import os
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from index_snapshots.builder import Builder, BuilderHere, BuilderProcess, Built
from index_snapshots.merge import Merge
from index_snapshots.pacing import Pacing
from tests.unit.index_snapshots.churning import EVERY, Churn, Seen, Trace, Way, built, churn
from tests.unit.index_snapshots.odd_builders import LateBuilder
from tests.unit.index_snapshots.test_determinism import REPAIRS_MIN, SIMD_LEVELS, assert_same, traces_under

EVENTS, SKUS, DIM = 40_000, 10_000, 384
PRODUCTION = replace(Pacing(), exact_max=0)
"""But for small shards, whose searches are exact."""
KILLED_EVERY = 4


class Dies(BuilderProcess):
    """Is killed over every so manieth merge."""

    def __init__(self) -> None:
        super().__init__()
        self._merges = 0

    def start(self, job: Merge) -> Built:
        built = super().start(job)
        self._merges += 1
        if self._merges % KILLED_EVERY == 0 and self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
        return built


@pytest.fixture(scope="module")
def log() -> Churn:
    return churn(EVENTS, SKUS, DIM)


@pytest.fixture(scope="module")
def straight(log: Churn, tmp_path_factory: pytest.TempPathFactory) -> Trace:
    return done("straight", log, Way(), tmp_path_factory.mktemp("straight"))


def done(name: str, log: Churn, way: Way, folder: Path) -> Trace:
    started_s, cpu_s = time.monotonic(), time.process_time()
    trace, seen = built(log, way, folder, PRODUCTION)
    took = {"s": round(time.monotonic() - started_s, 1), "cpu_s": round(time.process_time() - cpu_s, 1)}
    print(json.dumps({"way": name, "events": EVENTS, "dim": DIM, **told(seen), **took}))
    assert len(seen.repairs) >= REPAIRS_MIN and len(trace.checkpoints) > EVENTS / EVERY
    return trace


def told(seen: Seen) -> dict[str, int]:
    """Of seals, how many there were."""
    return {name: len(value) if isinstance(value, set) else value for name, value in asdict(seen).items()}


@pytest.mark.drill
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("seed", "restarts", "builder"),
    [(1, 0, BuilderHere), (2, 12, BuilderHere), (3, 12, LateBuilder), (4, 4, BuilderProcess), (5, 2, Dies)],
    ids=["interleaved", "restarted", "late", "process", "killed"],
)
def test_a_long_log_gives_the_same_bytes(
    log: Churn, straight: Trace, tmp_path: Path, seed: int, restarts: int, builder: Callable[[], Builder]
) -> None:
    assert_same(done(builder.__name__, log, Way(seed, restarts, builder), tmp_path), straight)


@pytest.mark.drill
@pytest.mark.timeout(1200)
def test_every_cpu_gives_the_same_bytes() -> None:
    said = [traces_under(level, 8_000, 2_000, (384, 1024, 100)) for level in SIMD_LEVELS]
    print(json.dumps({"way": "SIMD levels", "dims": [384, 1024, 100], "repairs": said[0]["repairs"]}))
    assert min(said[0]["repairs"]) >= REPAIRS_MIN
    assert [one["traces"] == said[0]["traces"] for one in said] == [True] * len(SIMD_LEVELS)
