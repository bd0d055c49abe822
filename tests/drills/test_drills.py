"""Kills and stops every process of a real stack during an import: nothing lost, nothing back, queries answered.

The short form is part of the normal tests; `make drills` runs all drills of `freshet drill ls` in their long form.
"""

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from encoders.build import repair_bundle
from freshet.drills.catalogue import DRILLS
from freshet.drills.drill import Drill, Length
from freshet.drills.faults import Fault
from freshet.drills.record import Record
from freshet.drills.run import run_drill
from freshet.drills.shop import FIRST, UNPRICED, Merchant, Seen, Storefront
from freshet.drills.small_disk import may_mount, small_disk
from freshet.drills.up_stack import UpStack
from schemas.records import EventId
from tests.contract.conftest import BUNDLE_FOLDER
from tests.system.conftest import Stack
from tests.system.model import check_all, settle, truth

SEED_VARIABLE = "DRILL_SEED"
UNIQUE = Drill(
    "unique",
    ("B1", "D1"),
    "Tier, log and cache are killed once, and a worker is paused for less than its session",
    "all is as before after each",
    (*(Fault("kill -9", process) for process in ("serving", "kafka", "redis")), Fault("SIGSTOP", "embed", 2.0)),
    apart_s=(1.0, 1.0),
    short=Length(faults=4, skus=300, events_per_s=25.0, searches_per_s=10.0, quiet_s=1.0),
)
"""The others are killed at random, and at each step of their work, by the tests in `system`."""


def seed() -> int:
    return int(os.environ.get(SEED_VARIABLE, random.SystemRandom().randrange(10**6)))


def say(figures: dict[str, object]) -> None:
    print(json.dumps(figures), flush=True)


@pytest.mark.timeout(600)
def test_tier_log_and_cache_are_killed_once_and_a_worker_is_paused(up: UpStack, tmp_path: Path) -> None:
    check(up, run_drill(UNIQUE, seed(), True, up, tmp_path / "timeline.svg", print))


@pytest.fixture
def stack(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[UpStack]:
    """Of the drill that is the test's parameter."""
    drill = DRILLS[request.param]
    model, kafka = repair_bundle(BUNDLE_FOLDER), tmp_path / "data" / "kafka"
    kafka.mkdir(parents=True)
    if drill.disk_mb and not may_mount(kafka):
        pytest.skip(f"needs {drill.needs}")
    made = UpStack(tmp_path / "data", model, drill.partitions, drill.replicas, **drill.settings)
    with small_disk(kafka, drill.disk_mb):
        try:
            yield made
        finally:
            made.stop()


@pytest.mark.drill
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize(("name", "stack"), [(name, name) for name in DRILLS], indirect=["stack"], ids=list(DRILLS))
def test_every_drill_keeps_its_promises(name: str, stack: UpStack, tmp_path: Path) -> None:
    check(stack, run_drill(DRILLS[name], seed(), False, stack, tmp_path / "timeline.svg", print))


def check(up: UpStack, told: Record) -> None:
    """The drill's own verdict, and that of the model of these tests, which shares nothing with it."""
    print(told.line(), flush=True)
    assert told.verdict == "kept", told.differed
    state = up.state()
    log = Stack(state.kafka, state.redis_url, state.generation, state.partitions, up.data, up.model)
    settle(log)
    check_all(log, list(truth(log).outcomes))


EVENTS = {48: EventId(1, 0, 7), 49: EventId(1, 0, 9)}


def test_the_storefront_notices_when_a_product_goes_back_or_vanishes() -> None:
    """The checker itself: what it is there for turns it red."""
    front = Storefront("", Merchant(""), _sent={"probe-0": 40, "probe-2": 42})
    newer, older = Seen(40, (1, 5), (1, 5)), Seen(40, (1, 5), (1, 4))
    front._compare({"probe-0": newer, "probe-2": newer}, whole=True)
    assert front.went_back == []
    front._compare({"probe-0": older, "probe-2": newer}, whole=True)
    front._compare({"probe-0": newer}, whole=False)
    assert len(front.went_back) == 1
    front._compare({"probe-0": newer}, whole=True)
    assert len(front.went_back) == 2


def test_a_deleted_product_may_go_and_come_again_only_when_it_was_made_again() -> None:
    before, after = Seen(8, (1, 5), (1, 5)), Seen(88, (1, 9), (1, 9))
    front = Storefront("", Merchant(""), _sent={"probe-8": 48}, _waiting={48: 0.0})  # 48 is a delete
    front._compare({"probe-8": before}, whole=True)
    front._tick_off()
    assert front.waiting() == 1
    front._compare({}, whole=True)
    front._tick_off()
    assert (front.waiting(), front.went_back) == (0, [])
    front._sent["probe-8"] = 88
    front._compare({"probe-8": after}, whole=True)
    assert front.went_back == []
    front._newest[FIRST]["probe-8"] = after._replace(number=48)
    front._compare({"probe-8": before}, whole=True)
    assert len(front.went_back) == 1


def test_a_product_is_gone_by_its_first_delete_though_the_next_one_is_sent() -> None:
    """328 is the next delete of its SKU: a shop that is a minute behind still shows what came between them."""
    first, between = Seen(8, (1, 5), (1, 5)), Seen(88, (1, 9), (1, 9))
    front = Storefront("", Merchant(""), _sent={"probe-8": 48})
    front._compare({"probe-8": first}, whole=True)
    front._compare({}, whole=True)
    front._sent["probe-8"] = 328
    front._compare({}, whole=True)
    front._compare({"probe-8": between}, whole=True)
    assert front.went_back == []
    front._compare({"probe-8": first}, whole=True)
    assert len(front.went_back) == 1


def test_a_product_that_was_never_shown_is_not_gone_because_its_delete_is_sent() -> None:
    """The shop is behind, and shows it when it comes to it."""
    front = Storefront("", Merchant(""), _sent={"probe-8": 48}, _waiting={48: 0.0}, _events=EVENTS)
    front._compare({}, whole=True)
    front._tick_off()
    front._compare({"probe-8": Seen(8, (1, 5), (1, 5))}, whole=True)
    assert (front.waiting(), front.went_back) == (0, [])


def test_a_product_that_was_never_shown_may_not_come_where_what_follows_its_delete_is_shown() -> None:
    front = Storefront(
        "", Merchant(""), _sent={"probe-8": 48, "probe-9": 49}, _events=EVENTS, _partitions={"probe-9": 0}
    )
    later = {"probe-9": Seen(49, (1, 9), (1, 9))}
    front._compare(later, whole=True)
    front._compare({**later, "probe-8": Seen(8, (1, 5), (1, 5))}, whole=True)
    assert len(front.went_back) == 1


def test_each_replica_has_its_own_past() -> None:
    first, second = frozenset({0}), frozenset({1})
    newer, older = Seen(49, (1, 9), (1, 9)), Seen(9, (1, 5), (1, 5))
    front = Storefront("", Merchant(""), _sent={"probe-9": 49}, _waiting={9: 0.0})
    front._compare({"probe-9": newer}, whole=True, replicas=first)
    front._tick_off()
    front._compare({"probe-9": older}, whole=True, replicas=second)
    assert (front.waiting(), front.went_back) == (0, [])
    front._compare({"probe-9": newer}, whole=True, replicas=second)
    front._compare({"probe-9": older}, whole=True, replicas=second)
    front._compare({}, whole=True, replicas=first)
    assert [one.split(":")[0] for one in front.went_back] == ["probe-9", "no longer shown"]


def test_a_product_that_was_made_again_may_be_shown_before_its_offer_and_is_not_found_by_that() -> None:
    front = Storefront("", Merchant(""), _sent={"probe-8": 88}, _waiting={88: 0.0})
    front._compare({}, whole=True)
    front._compare({"probe-8": Seen(UNPRICED, (1, 9), (1, 7))}, whole=True)
    front._tick_off()
    assert (front.waiting(), front.went_back) == (1, [])
    front._compare({"probe-8": Seen(88, (1, 9), (1, 9))}, whole=True)
    front._tick_off()
    assert (front.waiting(), front.went_back) == (0, [])
