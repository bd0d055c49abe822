"""What all tests share: one real Kafka, the order of the files, and where optional real data lies."""

import asyncio
import gc
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from freshet.runtime import ports
from freshet.runtime.kafka import EmbeddedKafka
from streams.collector import leave_alone
from tests.steady_time import SteadyLoop

TESTS = Path(__file__).resolve().parent
REPOSITORY = TESTS.parent
DATA = REPOSITORY.parent / "shared" / "data"

SLOW_FIRST = ("drills", "system", "contract", "unit")
"""Folders by how long a file of them takes: the short ones at the end keep both cores busy until it comes."""

settings.register_profile("freshet", deadline=None)  # a busy machine is no failure
settings.load_profile("freshet")


if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in the background of a script; children inherit it,
    signal.signal(signal.SIGINT, signal.default_int_handler)  # and could not be ended as Ctrl-C does


# Side by side, each takes ports of its own: the port of a process that a test has killed looks free to the others.
number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
ports.CHOSEN_FROM = ports.CHOSEN_FROM[number::workers]


def pytest_configure(config: pytest.Config) -> None:
    """Side by side, each reads the files from another one on: what one has compiled, the others find."""
    if workers > 1 and config.args == ["tests"]:
        files = sorted(map(str, TESTS.rglob("test_*.py")))
        first = len(files) * number // workers
        config.args[:] = [*files[first:], *files[:first]]
    gc.disable()  # all that is collected stays


def pytest_collection_finish() -> None:
    gc.enable()
    leave_alone()  # else walked again and again: modules and tests are a million objects


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: (SLOW_FIRST.index(item.path.relative_to(TESTS).parts[0]), item.path))


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"steady": SteadyLoop}


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real one, for all tests of a process: each takes topics of its own, by their generation."""
    server = EmbeddedKafka(tmp_path_factory.mktemp("kafka"))
    yield server.start()
    server.stop()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Real catalogues and judged queries; they are not part of the project."""
    if not (DATA / "icecat" / "products.jsonl.gz").is_file():
        pytest.skip("the real data is not here (../shared/data beside the project)")
    return DATA
