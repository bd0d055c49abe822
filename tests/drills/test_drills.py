"""Kills and stops every process of a real stack during an import: nothing lost, nothing back, queries answered.

The short form is part of the normal tests; `make drills` runs the long one and prints a line of JSON per fault.
"""

import json
import os
import random
import signal
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest

from freshet.runtime.stack_state import StackState
from schemas.records import Order
from tests.drills.conftest import UpStack
from tests.drills.shop import ASK_EVERY_S, Loop, Merchant, Question, Storefront, product
from tests.drills.timeline import Asked, Struck, write_timeline
from tests.system.conftest import Stack, http
from tests.system.model import Truth, check_all, settle, truth
from tests.waiting import LIMIT_S, wait_until

PROCESSES = ("catalog", "embed", "shard", "serving", "kafka", "redis")
PROBE_RATE = 5.0
BATCH = 25
BEFORE_S = 3.0
"""Of undisturbed running before the first fault."""
FRESH_S = 1.0
"""Normal again: a change made after the fault is found within this, or within twice the median before it."""
STOPPED_S = 13.0
"""Longer than the session of a worker."""
PAUSED_S = 3.0
"""Shorter than it."""
GAP_MAX_S = 10.0
"""Without any answer while another process than serving is away."""
ANSWERED_MIN = 0.5
"""Share of the questions; one that waits out its time counts for many."""
SEED_VARIABLE = "DRILL_SEED"


@dataclass(frozen=True)
class Fault:
    process: str
    stop: bool = False
    """SIGSTOP for `stopped_s`, else kill -9."""
    stopped_s: float = STOPPED_S

    @property
    def name(self) -> str:
        return f"{'SIGSTOP' if self.stop else 'kill -9'} {self.process}"

    def strike(self, up: UpStack) -> float:
        """Returns when it was over, on the monotonic clock."""
        if not self.stop:
            up.send_signal(self.process, signal.SIGKILL)
            return time.monotonic()
        up.send_signal(self.process, signal.SIGSTOP)
        time.sleep(self.stopped_s)
        up.send_signal(self.process, signal.SIGCONT)
        return time.monotonic()


KILLS = [Fault(process) for process in PROCESSES]
UNIQUE = [Fault(process) for process in ("serving", "kafka", "redis")]
"""The others are killed at random, and at each step of their work, by the tests in `system`."""
STOPS = [Fault(process, stop=True) for process in ("catalog", "embed")]


@pytest.mark.timeout(600)
def test_tier_log_and_cache_are_killed_once_and_a_worker_is_paused(up: UpStack) -> None:
    drill(up, [*UNIQUE, Fault("embed", stop=True, stopped_s=PAUSED_S)], products=300, rate=25.0)


@pytest.mark.drill
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("up", [2], indirect=True)
def test_everything_is_killed_and_stopped_again_and_again(up: UpStack) -> None:
    seed = int(os.environ.get(SEED_VARIABLE, random.SystemRandom().randrange(10**6)))
    rounds = int(os.environ.get("DRILL_ROUNDS", "3"))
    say({"seed": seed, "rounds": rounds})
    random_ = random.Random(seed)
    faults = [fault for _ in range(rounds) for fault in random_.sample(KILLS + STOPS, len(KILLS + STOPS))]
    drill(up, faults, products=5_000, rate=100.0)


def drill(up: UpStack, faults: list[Fault], products: int, rate: float) -> None:
    state = up.start()
    merchant = Merchant(state.url)
    front = Storefront(state.url, merchant)
    struck: list[Struck] = []
    with load(merchant, front, products, rate):
        wait_until(lambda: front.found, LIMIT_S, "the first change is found")
        time.sleep(BEFORE_S)
        for fault in faults:
            figures = one_fault(up, front, fault, struck)
            say(figures)
            check_answered(fault, figures)
    questions = [Asked(one.asked_s, one.answered_s, one.status == 200 and not one.degraded) for one in front.questions]
    say({"timeline": write_timeline(up.data.parent / "timeline.svg", "Every process in turn", questions, struck)})
    log = Stack(state.kafka, state.redis_url, state.generation, state.partitions, up.data, up.model)
    check_after(log, state, merchant, front)


@contextmanager
def load(merchant: Merchant, front: Storefront, products: int, rate: float) -> Iterator[None]:
    """Import, probes and questions; the questions end last, when they have seen every change."""

    def import_batch(number: int) -> None:
        merchant.send([product(which, products) for which in range(number * BATCH, (number + 1) * BATCH)])

    with Loop(front.ask, 1 / ASK_EVERY_S):
        with ExitStack() as sending:
            sending.enter_context(Loop(import_batch, rate / BATCH))
            sending.enter_context(Loop(front.send_probe, PROBE_RATE))
            yield
        wait_until(lambda: not front.waiting(), LIMIT_S, "every acknowledged change is found")


def one_fault(up: UpStack, front: Storefront, fault: Fault, struck: list[Struck]) -> dict[str, Any]:
    """Strikes, waits until all is as before, and tells how long that took and how the storefront fared meanwhile."""
    fresh_s = max(FRESH_S, 2 * statistics.median(found.wait_s for found in front.found[-50:]))
    before, restarts = len(front.questions), up.child(fault.process).restarts
    began_s = time.monotonic()
    over_s = fault.strike(up)

    def normal_s() -> float | None:
        times = [found.found_s for found in list(front.found) if found.acked_s > over_s and found.wait_s < fresh_s]
        return min(times, default=None)

    def again() -> bool:
        child = up.child(fault.process)
        return child.state == "ready" and (fault.stop or child.restarts > restarts) and normal_s() is not None

    wait_until(again, LIMIT_S, f"all is normal after {fault.name}")
    asked = front.questions[before:]
    ended_s = normal_s()
    assert ended_s is not None
    struck.append(Struck(fault.name, began_s, over_s, ended_s))
    waits = [found.wait_s for found in front.found if began_s <= found.found_s]
    return {
        "fault": fault.name,
        "seconds_until_normal": round(ended_s - over_s, 2),
        "restarts": up.child(fault.process).restarts - restarts,
        "questions": len(asked),
        "not_answered": sum(question.status != 200 for question in asked),
        "degraded": sum(bool(question.degraded) for question in asked),
        "longest_gap_s": round(longest_gap_s(asked), 2),
        "longest_gap_of_whole_answers_s": round(longest_gap_s(asked, whole=True), 2),
        "fresh_max_s": round(max(waits, default=0.0), 2),
        "went_back": len(front.went_back),
    }


def check_answered(fault: Fault, figures: dict[str, Any]) -> None:
    """The storefront was answered all the time; nobody else can answer while serving itself starts again."""
    if fault.process != "serving":
        assert figures["not_answered"] <= (1 - ANSWERED_MIN) * figures["questions"], figures
        assert figures["longest_gap_s"] <= GAP_MAX_S, figures


def longest_gap_s(asked: list[Question], whole: bool = False) -> float:
    """The longest time without an answer; `whole`: without one in which nothing was left out."""
    good = [question for question in asked if question.status == 200 and not (whole and question.degraded)]
    times = [asked[0].asked_s, *(question.answered_s for question in good), asked[-1].answered_s]
    return max(after - before for before, after in pairwise(times))


def check_after(log: Stack, state: StackState, merchant: Merchant, front: Storefront) -> None:
    acked = merchant.acked()
    settle(log)
    outcomes = log.outcomes()
    expected = truth(log)
    say(
        {
            "acked": len(acked),
            "in_the_log": len(expected.outcomes),
            "lost": len(set(acked) - expected.outcomes.keys()),
            "unaccounted": len(expected.outcomes.keys() - outcomes.keys()),
            "went_back": len(front.went_back),
        }
    )
    assert not front.went_back, front.went_back[:5]
    assert set(acked) <= expected.outcomes.keys(), "Kafka does not hold what was acknowledged"
    check_all(log, list(expected.outcomes))
    wait_until(lambda: not stale(state.url, expected), LIMIT_S, "every product is served as the log says")


def stale(url: str, expected: Truth) -> list[str]:
    """SKUs that are not served in their newest version."""
    found = []
    for sku, contents in expected.contents.items():
        status, answer = http("GET", f"{url}/v1/skus/{sku}")
        served = answer["hit"] if status == 200 else {}
        orders = (served.get("content_order"), served.get("offer_order"))
        wanted = (list(contents[-1].order), list(expected.offers[sku][-1].order))
        if orders != wanted:
            found.append(sku)
    return found


def say(figures: dict[str, object]) -> None:
    print(json.dumps(figures), flush=True)


def test_the_storefront_notices_when_a_product_goes_back_or_vanishes() -> None:
    """The checker itself: what it is there for turns it red."""
    front = Storefront("", Merchant(""))
    newer, older = (Order(1, 5), Order(1, 5)), (Order(1, 5), Order(1, 4))
    front._compare({"a": newer, "b": newer}, whole=True)
    assert front.went_back == []
    front._compare({"a": older, "b": newer}, whole=True)
    front._compare({"a": newer}, whole=False)
    assert len(front.went_back) == 1
    front._compare({"a": newer}, whole=True)
    assert len(front.went_back) == 2


def test_a_storefront_that_went_without_answers_is_noticed() -> None:
    """The same for the answers."""
    good = {"questions": 10, "not_answered": 5, "longest_gap_s": GAP_MAX_S}
    check_answered(Fault("shard"), good)
    for bad in ({"not_answered": 6}, {"longest_gap_s": GAP_MAX_S + 0.1}):
        with pytest.raises(AssertionError):
            check_answered(Fault("shard"), good | bad)
        check_answered(Fault("serving"), good | bad)
