"""Workers killed at random under load: the guard of the pinned Faust, and proof that the test would notice a loss."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import pytest

from streams.reader import Reader
from tests.system.conftest import Stack
from tests.system.model import check_all, settle
from tests.system.naive_worker import NAIVE_GROUP
from tests.system.sending import Merchant, Stream, mixed_events
from tests.waiting import LIMIT_S, wait_until

RATE = 300.0
SKUS = 400
PAUSE_S = (0.5, 2.5)
"""Between two faults, drawn evenly."""
STOCK_STOP_S = 10.0
"""A stock Faust worker that takes longer to end is killed: where its shutdown runs into a time limit it never ends."""
SEED_VARIABLE = "CHAOS_SEED"


@dataclass(frozen=True)
class Victim:
    """A process of the test that may be killed, and how it is started again."""

    name: str
    end: Callable[[signal.Signals], None]
    start: Callable[[], object]


def nemesis(random_: random.Random, victims: list[Victim]) -> list[str]:
    """Ends one victim after the other and starts it again at once: each is killed twice and stopped cleanly once."""
    story = []
    faults = [(victim, how) for victim in victims for how in (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM)]
    for victim, how in random_.sample(faults, len(faults)):
        time.sleep(random_.uniform(*PAUSE_S))
        victim.end(how)
        victim.start()
        story.append(f"{how.name} {victim.name}")
    return story


def end_child(children: Mapping[str, "subprocess.Popen[bytes]"], name: str) -> Callable[[signal.Signals], None]:
    def end(how: signal.Signals) -> None:
        child = children[name]
        assert child.poll() is None or child.returncode == 3, f"{name} left by itself with {child.returncode}"
        child.send_signal(how)
        child.wait(LIMIT_S)

    return end


@pytest.fixture
def seed() -> int:
    chosen = int(os.environ.get(SEED_VARIABLE, random.SystemRandom().randrange(10**6)))
    print(f"{SEED_VARIABLE}={chosen}")
    return chosen


@pytest.fixture
def naive(stack: Stack) -> Iterator["Naive"]:
    control = Naive(stack)
    yield control
    control.close()


class Naive:
    """The negative control: it reads the same `catalog` and suffers the same faults."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._done = stack.data / "naive.txt"
        self._log = (stack.data / "naive.log").open("ab")
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        arguments = [self._stack.kafka, self._stack.topic("catalog"), str(self._done)]
        self._child = subprocess.Popen(
            [sys.executable, "-m", "tests.system.naive_worker", *arguments],
            cwd=self._stack.data,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
            stdout=self._log,
            stderr=self._log,
        )

    def done(self) -> set[str]:
        """Places (partition-offset) of the events that it worked on."""
        return set(self._done.read_text().split()) if self._done.exists() else set()

    def log(self) -> str:
        return (self._stack.data / "naive.log").read_text()[-2_000:]

    def end(self, how: signal.Signals) -> None:
        if self._child:
            self._child.send_signal(how)
            try:
                self._child.wait(STOCK_STOP_S)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.wait()

    def close(self) -> None:
        self.end(signal.SIGKILL)
        self._log.close()


def test_nothing_is_lost_under_random_kills_and_a_stock_faust_worker_does_lose(
    stack: Stack, naive: Naive, seed: int
) -> None:
    random_ = random.Random(seed)
    merchant = Merchant(stack.kafka, stack.generation)
    stack.start("catalog")
    stack.start("embed")
    naive.start()
    victims = [
        Victim("catalog", end_child(stack.processes, "catalog"), lambda: stack.launch("catalog")),
        Victim("embed", end_child(stack.processes, "embed"), lambda: stack.launch("embed")),
        Victim("naive", naive.end, naive.start),
    ]
    with Stream(merchant, mixed_events(random_, SKUS), RATE):
        story = nemesis(random.Random(seed), victims)
    print("; ".join(story))
    acked = merchant.flush()
    settle(stack)
    kinds = check_all(stack, acked)
    print(f"{len(acked)} events, {dict(kinds)}")
    assert sum(kinds.values()) == len(acked)
    lost = lost_by(naive, stack, acked)
    print(f"the stock worker lost {len(lost)}")
    assert lost, "the negative control lost nothing: this test would not notice a loss"


def lost_by(naive: Naive, stack: Stack, acked: list[str]) -> set[str]:
    """Events that the stock worker has acknowledged and never worked on."""
    reader = Reader(stack.kafka)
    partitions = range(stack.partitions)
    ends = {partition: reader.begin_end(stack.topic("catalog"), partition)[1] for partition in partitions}
    wait_until(
        lambda: reader.committed(NAIVE_GROUP, stack.topic("catalog"), partitions) == ends,
        LIMIT_S,
        f"the stock worker has acknowledged everything\n{naive.log()}",
    )
    reader.close()
    return {event_id.split("-", 1)[1] for event_id in acked} - naive.done()
