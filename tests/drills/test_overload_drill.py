"""D7: a rush of twice and five times what can be done. Nearly as much is answered in time, the rest is told at once.

`make drills ARGS="-k rush"` prints a line of JSON per load.
"""

import json
import subprocess
import sys
from typing import Any, NamedTuple

import pytest

from freshet.drills.cores import Cores
from freshet.drills.replica_load import BATCH
from freshet.drills.rush import Rush
from freshet.drills.shop import Merchant, product
from freshet.drills.up_stack import UpStack
from tests.drills.test_drills import say
from tests.drills.test_replicas_drill import found
from tests.waiting import LIMIT_S, wait_until

PRODUCTS = 1_000
CLIENTS = (8, 16)
"""So many searches at once find out what the shop can do."""
SECONDS = 10.0
GOODPUT_MIN = 0.8
"""Of what can be done."""
REFUSED_S_MAX = 0.05
"""99 % of the refusals come sooner, once the rush has opened its connections."""
RECOVERED_S_MAX = 10.0


@pytest.mark.drill
@pytest.mark.timeout(600)
def test_a_rush_is_answered_as_far_as_it_can_be_and_the_rest_refused_at_once(up: UpStack) -> None:
    state = up.start()
    merchant = Merchant(state.url)
    for first in range(0, PRODUCTS, BATCH):
        merchant.send([product(number, PRODUCTS) for number in range(first, first + BATCH)])
    wait_until(lambda: found(state) == PRODUCTS, LIMIT_S, "all products are found")
    rush(up, "closed", CLIENTS[0], 3.0)
    most = max(can_do(up, clients) for clients in CLIENTS)
    twice = flood(up, 2, most)
    between = can_do(up, most.clients)
    five = flood(up, 5, between)
    after = rush(up, "open", between.good_per_s / 2, RECOVERED_S_MAX + 2)
    say({"drill": "half as many, right after it", **after})
    last = can_do(up, most.clients)
    check(twice, (most.good_per_s + between.good_per_s) / 2)
    check(five, (between.good_per_s + last.good_per_s) / 2)
    assert after["other"] == 0 and after["last_bad_after_s"] < RECOVERED_S_MAX, after


class Can(NamedTuple):
    """What the shop can do."""

    good_per_s: float
    clients: int


def can_do(up: UpStack, clients: int) -> Can:
    """Asked before and after each rush: how much of the two cores others take changes within a minute."""
    seen = rush(up, "closed", clients, SECONDS)
    say({"drill": f"as many as can be done, {clients} at once", **seen})
    return Can(seen["good_per_s"], clients)


def flood(up: UpStack, times: int, can: Can) -> Any:
    seen = rush(up, "open", times * can.good_per_s, SECONDS)
    say({"drill": f"{times} times as many", **seen})
    return seen


def rush(up: UpStack, kind: str, amount: float, seconds: float) -> Any:
    """In a process of its own: this one would be late with what it sends."""
    command = [sys.executable, "-m", "freshet.drills.rush", up.state().url, kind, str(amount), str(seconds)]
    cores = Cores(up)
    seen = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=SECONDS + 120).stdout)
    return {**seen, "cores": cores.taken()}


def check(seen: dict[str, Any], can_per_s: float) -> None:
    assert seen["good_per_s"] >= GOODPUT_MIN * can_per_s, seen
    assert (seen["other"], seen["without_retry_after"]) == (0, 0), seen
    assert seen["refused_p99_s"] <= REFUSED_S_MAX, seen


def test_the_checker_sees_what_it_is_there_for() -> None:
    good = {"good_per_s": 80.0, "other": 0, "without_retry_after": 0, "refused_p99_s": REFUSED_S_MAX}
    check(good, 100.0)
    for bad in ({"good_per_s": 79.0}, {"other": 1}, {"without_retry_after": 1}, {"refused_p99_s": 0.06}):
        with pytest.raises(AssertionError):
            check(good | bad, 100.0)
    told = Rush("", 0, answered=[(0.0, 0.1, True), (1.0, 0.6, True), (2.0, 0.1, False)])
    seen = told.figures(0.0, 2.0)
    assert (seen["good_per_s"], seen["late_or_partial"], seen["last_bad_after_s"]) == (0.5, 2, 2.0)
