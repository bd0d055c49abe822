"""What is planned is done, in order, and a stack is as before only when all of it is."""

import signal
import time
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from freshet.drills import nemesis as nemesis_module
from freshet.drills.faults import STRIKES, Fault, How
from freshet.drills.moments import Found
from freshet.drills.nemesis import Nemesis
from freshet.drills.patience import NotInTime
from freshet.drills.poison import POISON
from freshet.drills.schedule import Due
from freshet.drills.stage import Stage
from freshet.runtime.stack_state import ChildState, StackState
from schemas.errors import FreshetError


class FakeStack:
    """Two processes; one that is killed has another pid at once, unless it `stays_dead`."""

    def __init__(self, stays_dead: bool = False) -> None:
        self.pids = {"shard": 1, "kafka": 2}
        self.done: list[str] = []
        self._stays_dead = stays_dead

    def state(self) -> StackState:
        phase: Any = "backing off" if self._stays_dead and self.done else "ready"
        return StackState(
            state="ready", children=[ChildState(name=name, state=phase, pid=pid) for name, pid in self.pids.items()]
        )

    def child(self, name: str) -> ChildState:
        (found,) = (child for child in self.state().children if child.name == name)
        return found

    def send_signal(self, name: str, number: signal.Signals) -> None:
        self.done.append(f"{number.name} {name}")
        if number == signal.SIGKILL:
            self.pids[name] += 10


class Changes(list[Found]):
    """Found quickly before the stack is struck; after that one is always just acknowledged, and takes `wait_s`."""

    def __init__(self, stack: FakeStack, wait_s: float) -> None:
        super().__init__()
        self._stack = stack
        self._wait_s = wait_s

    def __iter__(self) -> Iterator[Found]:
        yield Found(0.0, 0.1)
        if self._stack.done:
            now_s = time.monotonic()
            yield Found(now_s, now_s + self._wait_s)


def nemesis(stack: Any, wait_s: float, said: list[str]) -> Nemesis:
    return Nemesis(Stage(stack, None, 7, []), Changes(stack, wait_s), said.append)  # type: ignore[arg-type]


DUE = [Due(0.0, Fault("kill -9", "shard")), Due(0.0, Fault("SIGSTOP", "kafka", 0.01))]


@pytest.mark.parametrize("waits", [True, False])
def test_it_follows_its_schedule(waits: bool) -> None:
    stack, said = FakeStack(), list[str]()
    one = nemesis(stack, 0.2, said)
    one.follow(DUE, waits)
    assert stack.done == ["SIGKILL shard", "SIGSTOP kafka", "SIGCONT kafka"]
    assert said == [struck.name for struck in one.struck()] == ["kill -9 shard", "SIGSTOP kafka for 0.01 s"]
    assert all(struck.begun_s <= struck.over_s <= struck.normal_s for struck in one.struck())


@pytest.mark.parametrize(
    ("stack", "wait_s"), [(FakeStack(), 1.1), (FakeStack(stays_dead=True), 0.2)], ids=["late changes", "dead"]
)
def test_a_stack_that_is_not_as_before_is_told(
    stack: FakeStack, wait_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nemesis_module, "LIMIT_S", 0.1)
    with pytest.raises(NotInTime, match="all is as before after kill -9 shard"):
        nemesis(stack, wait_s, []).follow(DUE, waits=True)
    assert stack.done == ["SIGKILL shard"]


class Refuses(FakeStack):
    def send_signal(self, name: str, number: signal.Signals) -> None:
        raise FreshetError("it found something wrong")


def test_a_fault_that_finds_something_wrong_is_among_those_that_were() -> None:
    one = nemesis(Refuses(), 0.2, [])
    with pytest.raises(FreshetError):
        one.follow(DUE, waits=True)
    assert [struck.name for struck in one.struck()] == ["kill -9 shard"]


def test_every_fault_has_a_strike_and_says_what_it_must_lead_to() -> None:
    assert set(STRIKES) == set(get_args(How))
    assert [how for how in get_args(How) if Fault(how, "catalog").dead_letters] == ["poison for"]
    assert Fault("poison for", "catalog").dead_letters == len(POISON) > 30
