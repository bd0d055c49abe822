"""Under twice and five times what can be done, nearly as much is done in time as can be; the rest is told at once."""

import heapq
from contextlib import AbstractContextManager, ExitStack
from typing import Protocol

import pytest

from schemas.errors import Overloaded
from serving.adaptive_gate import INSIDE_MIN, INSIDE_START, LOOP_LATE_S, AdaptiveGate, Inside
from serving.gate import Gate
from tests.unit.serving.fakes import Clock

INSIDE_MAX = 256
BUDGET_S = 0.3
SERVICE_S = 0.005


class AGate(Protocol):
    def inside(self) -> AbstractContextManager[Inside | None]: ...


def run(gate: AGate, clock: Clock, per_s: float, seconds: float) -> tuple[float, int, int]:
    """One server that works off what comes, one by one, on a clock of its own. Returns searches per second that were
    answered within BUDGET_S, how many were late and how many refused."""
    begun_s = free_s = clock.now_s
    leaving: list[tuple[float, int, AbstractContextManager[Inside | None]]] = []
    good = late = refused = 0

    def leave(until_s: float) -> None:
        while leaving and leaving[0][0] <= until_s:
            clock.now_s, _, one = heapq.heappop(leaving)
            one.__exit__(None, None, None)

    for number in range(int(per_s * seconds)):
        comes_s = begun_s + number / per_s
        leave(comes_s)
        clock.now_s = comes_s
        inside = gate.inside()
        if isinstance(gate, AdaptiveGate):
            gate.loop_was(max(0.0, free_s - comes_s))
        try:
            one = inside.__enter__()
        except Overloaded:
            refused += 1
            continue
        free_s = max(free_s, comes_s) + SERVICE_S
        in_time = free_s - comes_s <= BUDGET_S
        good, late = good + in_time, late + (not in_time)
        if one:
            one.started_s, one.waited = comes_s, not in_time
        heapq.heappush(leaving, (free_s, number, inside))
    leave(float("inf"))
    return good / seconds, late, refused


def adaptive(clock: Clock) -> AdaptiveGate:
    return AdaptiveGate("searches", INSIDE_MAX, BUDGET_S / 2, clock)


@pytest.mark.parametrize("times", [2, 5])
def test_what_is_let_in_is_done_in_time(times: float) -> None:
    clock = Clock()
    gate = adaptive(clock)
    run(gate, clock, times / SERVICE_S, 10)
    per_s, late, refused = run(gate, clock, times / SERVICE_S, 30)
    assert per_s >= 0.8 / SERVICE_S
    assert late == 0
    assert refused > 0


@pytest.mark.parametrize("times", [2, 5])
def test_a_fixed_limit_answers_nearly_all_too_late(times: float) -> None:
    clock = Clock()
    per_s, late, _ = run(Gate("searches", INSIDE_MAX), clock, times / SERVICE_S, 30)
    assert per_s < 0.1 / SERVICE_S
    assert late > 1_000


@pytest.mark.parametrize(("start", "any_late"), [(INSIDE_START, False), (INSIDE_MAX, True)])
def test_nobody_is_late_when_a_rush_is_the_first_thing_that_comes(start: int, any_late: bool) -> None:
    """With a limit that begins high those who come first are answered too late."""
    clock = Clock()
    gate = adaptive(clock)
    gate._limit = float(start)
    _, late, refused = run(gate, clock, 2 / SERVICE_S, 10)
    assert ((late > 0), refused > 0) == (any_late, True)


def test_after_the_rush_all_are_let_in_again() -> None:
    clock = Clock()
    gate = adaptive(clock)
    run(gate, clock, 5 / SERVICE_S, 20)
    _, late, refused = run(gate, clock, 0.8 / SERVICE_S, 10)
    assert (late, refused) == (0, 0)


def test_the_limit_stays_between_its_bounds() -> None:
    clock = Clock()
    gate = adaptive(clock)
    assert gate.inside_max == INSIDE_START
    for _ in range(100):
        with gate.inside() as one:
            one.started_s = clock.now_s
            clock.now_s += BUDGET_S
    assert gate.inside_max == INSIDE_MIN
    for _ in range(20):
        with gate.inside() as one:
            one.started_s = clock.now_s
    assert gate.inside_max == INSIDE_MIN, "what is not used up says nothing about more"
    for _ in range(3 * INSIDE_MAX):
        with ExitStack() as full:
            for _ in range(gate.inside_max):
                full.enter_context(gate.inside()).started_s = clock.now_s
    assert gate.inside_max == INSIDE_MAX


@pytest.mark.parametrize(("loop_late_s", "falls"), [(LOOP_LATE_S - 0.001, False), (LOOP_LATE_S, True)])
def test_a_part_that_hangs_does_not_close_the_gate_unless_the_loop_is_late_too(loop_late_s: float, falls: bool) -> None:
    clock = Clock()
    gate = adaptive(clock)
    gate.loop_was(loop_late_s)
    for _ in range(100):
        with gate.inside() as one:
            one.started_s, one.waited = clock.now_s, True
            clock.now_s += BUDGET_S
    assert gate.inside_max == (INSIDE_MIN if falls else INSIDE_START)


def test_a_client_that_is_slow_to_ask_does_not_count() -> None:
    clock = Clock()
    gate = adaptive(clock)
    with gate.inside():
        clock.now_s += 30
    assert gate.inside_max == INSIDE_START
