"""Two replicas under load: one is killed again and again, all are restarted, one is built anew, and no query fails.

The short form is part of the normal tests (`test_one_stack.py`); `make drills` runs the long one. Each prints a line of
JSON for each thing that is done to them.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from encoders.build import repair_bundle
from freshet.drills.cores import Cores
from freshet.drills.moments import Asked, Struck
from freshet.drills.replica_load import BATCH, Digests, Question, Rates, Shoppers, figures, load
from freshet.drills.shop import Merchant
from freshet.drills.timeline import write_timeline
from freshet.drills.up_stack import UpStack
from freshet.runtime.stack_state import StackState
from serving.closing import CLOSE_S
from tests.contract.conftest import BUNDLE_FOLDER
from tests.drills.test_drills import say
from tests.system.conftest import Stack, http
from tests.system.model import check_conservation, check_monotonic, settle, truth
from tests.waiting import LIMIT_S, wait_until

HEAVY = Rates(
    products=1_000,
    events_per_s=float(os.environ.get("DRILL_EVENTS_PER_S", "500")),
    queries_per_s=float(os.environ.get("DRILL_SEARCHES_PER_S", "50")),
)
"""More than two cores do."""
SHOP = replace(HEAVY, texts_every=100, events_at_once=100, ways=("vector", "words"))
"""What two cores carry: one change of a hundred is of a product's text and has to be embedded, the others are of prices
and stock, as in most shops; and searches for the ten nearest by meaning and by words in turn."""
FULL = HEAVY if os.environ.get("DRILL_LOAD") == "heavy" else SHOP
REPLICAS = ("shard-0", "shard-1")
AT_THE_END = 50
"""Records of the log that a replica lacks, while events come in, that is at its end."""
AWAY = 10**9
Fault = Callable[[UpStack, list[Struck]], dict[str, Any]]
"""Done to a stack under load; it adds what a timeline shows of it, and returns its figures."""
LONG = {
    "FRESHET_DIGEST_EVERY": "200",
    "FRESHET_SNAPSHOT_EVERY_RECORDS": "1000",
    "FRESHET_SEARCH_BUDGET_MS": "2000",
}
"""A snapshot after each 10,000 offers. A part that is left out is then one that nobody had, not one that a busy machine
was late with."""
QUICK = {
    **LONG,
    "FRESHET_DIGEST_EVERY": "50",
    "FRESHET_SNAPSHOT_EVERY_RECORDS": "400",
    "FRESHET_SEARCH_BUDGET_MS": "5000",
}
"""Often enough for a short drill."""


@pytest.fixture
def two(tmp_path: Path) -> Iterator[UpStack]:
    made = UpStack(tmp_path / "data", repair_bundle(BUNDLE_FOLDER), partitions=1, replicas=2, **LONG)
    try:
        yield made
    finally:
        made.stop()


@pytest.mark.drill
@pytest.mark.timeout(900)
def test_no_query_fails_while_a_replica_is_killed_every_ten_seconds_for_two_minutes(two: UpStack) -> None:
    drill(two, two.start(), FULL, {"before": quiet(10.0), "kill -9": kills(12, 10.0), "after": quiet(10.0)})


@pytest.mark.drill
@pytest.mark.timeout(900)
def test_no_query_fails_while_replicas_are_restarted_and_built_anew_under_load(two: UpStack) -> None:
    renewal = {"restart --rolling": rolling(), "shard rebuild": rebuilt}
    drill(two, two.start(), FULL, {"before": quiet(10.0), **renewal, "after": quiet(10.0)})


def drill(two: UpStack, state: StackState, rates: Rates, faults: Mapping[str, Fault]) -> None:
    """`faults`: by name, one after the other."""
    merchant, shoppers = Merchant(state.url), Shoppers(state.url, rates.ways)
    for first in range(0, rates.products, BATCH):
        merchant.send([rates.event(number) for number in range(first, first + BATCH)])
    wait_until(lambda: found(state) == rates.products, LIMIT_S, "all products are found")
    digests = Digests([state.ports[name] for name in REPLICAS])
    struck: list[Struck] = []
    say({"load": asdict(rates)})
    with load(merchant, shoppers, rates), digests.watched():
        wait_until(lambda: shoppers.questions, LIMIT_S, "the first search is answered")
        for name, fault in faults.items():
            asked, acked = len(shoppers.questions), len(merchant.acked())
            cores, began_s = Cores(two), time.monotonic()
            more = fault(two, struck)
            took_s, answered = time.monotonic() - began_s, shoppers.questions[asked:]
            events = {"events_per_s": round((len(merchant.acked()) - acked) / took_s), "behind": min(lags(two))}
            say({"drill": name, **figures(answered), **events, **more, "cores": cores.taken()})
        wait_until(lambda: max(lags(two)) < AT_THE_END, LIMIT_S, "both replicas are at the end of the log")
        time.sleep(2.0)
    questions = [Asked(one.due_s, one.answered_s, one.good) for one in shoppers.questions]
    drawn = write_timeline(two.data.parent / "timeline.svg", "Two replicas under faults", questions, struck)
    seen = figures(shoppers.questions)
    say({"drill": "all of it", **seen, **agreed(digests), "timeline": drawn})
    check(seen, digests)
    check_nothing_lost(two, state, merchant)


def quiet(seconds: float) -> Fault:
    """None at all."""

    def wait(two: UpStack, struck: list[Struck]) -> dict[str, Any]:
        time.sleep(seconds)
        return {}

    return wait


def kills(times: int, every_s: float) -> Fault:
    """Of a replica, in turn, `every_s` after the one before; later only if that one is not back: with both away nobody
    answers."""

    def kill(two: UpStack, struck: list[Struck]) -> dict[str, Any]:
        begun_s, done = time.monotonic(), list[Struck]()
        for number in range(times):
            done.append(kill_one(two, REPLICAS[number % 2]))
            time.sleep(max(0.0, begun_s + (number + 1) * every_s - time.monotonic()))
        struck += done
        return rhythm(done)

    return kill


def kill_one(two: UpStack, name: str) -> Struck:
    """Returns when it is back."""
    before, killed_s = two.child(name).restarts, time.monotonic()
    two.send_signal(name, signal.SIGKILL)

    def back() -> bool:
        child = two.child(name)
        return child.restarts > before and child.state == "ready"

    wait_until(back, LIMIT_S, f"{name} is back")
    return Struck(f"kill -9 {name}", killed_s, killed_s, time.monotonic())


def rolling(*names: str) -> Fault:
    """`names`: one after the other; none: all."""

    def restart(two: UpStack, struck: list[Struck]) -> dict[str, Any]:
        begun_s = time.monotonic()
        told = two.freshet("restart", "--rolling", *names)
        struck.append(Struck("restart --rolling", begun_s, begun_s, time.monotonic()))
        assert [one["process"] for one in told["restarted"]][-1] == "serving"
        time.sleep(CLOSE_S)
        return {"took_s": told["took_s"]}

    return restart


def rebuilt(two: UpStack, struck: list[Struck]) -> dict[str, Any]:
    """One of the two, from what the store holds and the log after it."""
    begun_s = time.monotonic()
    told = two.freshet("shard", "rebuild", "--partition", "0", "--replica", "1")
    struck.append(Struck("shard rebuild", begun_s, begun_s, time.monotonic()))
    return {"took_s": told["took_s"]}


def rhythm(struck: Sequence[Struck]) -> dict[str, Any]:
    """How often there was a kill, and how long each one was away; seconds."""
    apart_s = [after.begun_s - before.begun_s for before, after in pairwise(struck)]
    away_s = [round(one.normal_s - one.begun_s, 1) for one in struck]
    return {"kill_every_s": round(sum(apart_s) / len(apart_s), 1), "away_s": away_s}


def found(state: StackState) -> int:
    status, answer = http("POST", f"{state.url}/v1/search", {"text": "lamp", "limit": 1})
    return int(answer["found"]) if status == 200 else 0


def lags(two: UpStack) -> list[int]:
    """Of each replica, in records."""
    behind = []
    for name in REPLICAS:
        status, answer = http("GET", f"http://127.0.0.1:{two.child(name).port}/state")
        shards = answer["shards"] if status == 200 else []
        behind.append(sum(one["documents_lag"] + one["offers_lag"] for one in shards) if shards else AWAY)
    return behind


def agreed(digests: Digests) -> dict[str, Any]:
    common = digests.common()
    return {"common_checkpoints": len(common), "different": sum(len(values) > 1 for values in common.values())}


def check(asked: dict[str, Any], digests: Digests) -> None:
    assert (asked["failed"], asked["partial"]) == (0, 0), asked
    common = digests.common()
    assert {topic for _, topic, _ in common} == {"documents", "offers"}, "both were compared"
    assert all(len(values) == 1 for values in common.values()), common


def check_nothing_lost(two: UpStack, state: StackState, merchant: Merchant) -> None:
    log = Stack(state.kafka, state.redis_url, state.generation, state.partitions, two.data, two.model)
    settle(log)
    expected = truth(log)
    acked = merchant.acked()
    say({"acked": len(acked), "lost": len(set(acked) - expected.outcomes.keys())})
    assert set(acked) <= expected.outcomes.keys(), "Kafka does not hold what was acknowledged"
    check_conservation(log, list(expected.outcomes), expected)
    check_monotonic(log)

    def same() -> bool:
        _, answer = http("GET", f"{state.url}/v1/status")
        held = {(one["digest_documents"], one["digest_offers"]) for one in answer["replicas"]}
        return len(answer["replicas"]) == 2 and len(held) == 1 and not answer["differing"] and not answer["faulty"]

    wait_until(same, LIMIT_S, "both replicas hold the same at the end")


def good(due_s: float, answered_s: float) -> Question:
    return Question(due_s, answered_s, 200, ())


def test_the_checkers_see_what_they_are_there_for() -> None:
    asked = [good(0.0, 0.1), Question(0.2, 0.3, 503, ()), Question(0.4, 0.5, 200, ("shard-0",)), good(0.9, 1.0)]
    seen = figures(asked)
    assert (seen["questions"], seen["failed"], seen["partial"], seen["longest_gap_s"]) == (4, 1, 1, 0.9)
    whole = {"failed": 0, "partial": 0}
    digests = Digests([])
    for replica in (0, 1):
        digests.note(shard(replica, "same"))
    check(whole, digests)
    for bad in (seen, {"failed": 0, "partial": 1}):
        with pytest.raises(AssertionError):
            check(bad, digests)
    digests.note(shard(1, "other"))
    with pytest.raises(AssertionError):
        check(whole, digests)


def shard(replica: int, digest: str, live_from: int = 0) -> dict[str, Any]:
    points = [{"offset": 5, "digest": digest}]
    return {
        "state": {"partition": 0, "replica": replica},
        "live_from": {"documents": live_from, "offers": live_from},
        "checkpoints": {"documents": points, "offers": points},
    }
