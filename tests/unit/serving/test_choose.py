"""The order in which replicas are asked."""

import random
from collections import Counter

import pytest

from schemas.read_token import Offsets
from serving.breaker import FAILURES_MAX, OPEN_S_MIN
from serving.choose import LAG_RECORDS_MAX, in_order
from serving.replica import Replica
from tests.unit.serving.fakes import Clock, state

FRONT = 10_000


class Group:
    """Replicas of partition 0 that are all at the front, until told otherwise."""

    def __init__(self, count: int) -> None:
        self.clock = Clock()
        self.replicas = [Replica(0, f"http://{number}", number, self.clock) for number in range(count)]
        for one in self.replicas:
            self.at(one, FRONT)

    def at(self, one: Replica, documents: int) -> None:
        one.watched = state(0, one.number or 0, documents=documents, offers=0)

    def first(self, times: int = 1_000, floor: Offsets | None = None, freshest: bool = False) -> Counter[int | None]:
        draw = random.Random(3)
        return Counter(in_order(self.replicas, floor, draw, freshest)[0].number for _ in range(times))

    def order(self, floor: Offsets | None = None, freshest: bool = False) -> list[int]:
        return [one.number or 0 for one in in_order(self.replicas, floor, random.Random(3), freshest)]


def broken(one: Replica) -> None:
    for _ in range(FAILURES_MAX + 1):
        one.breaker.failed()


def test_the_quicker_of_two_and_never_the_slowest_of_all() -> None:
    group = Group(3)
    for one, seconds in zip(group.replicas, (0.001, 0.002, 0.2), strict=True):
        one.latency.answered(seconds)
    first = group.first()
    assert set(first) == {0, 1}
    assert first[0] == pytest.approx(667, abs=60), "it is one of the two drawn in two of three cases"
    assert sorted(group.order()) == [0, 1, 2] and group.order()[-1] == 2


def test_what_is_under_way_counts() -> None:
    group = Group(2)
    for one in group.replicas:
        one.latency.answered(0.01)
    group.replicas[0].in_flight = 1
    assert group.first() == {1: 1_000}


@pytest.mark.parametrize(("lag", "first"), [(LAG_RECORDS_MAX, 0), (LAG_RECORDS_MAX + 1, 1)])
def test_one_that_is_too_far_behind_is_asked_last_however_quick(lag: int, first: int) -> None:
    group = Group(2)
    group.replicas[0].latency.answered(0.001)
    group.replicas[1].latency.answered(0.5)
    group.at(group.replicas[0], FRONT - lag)
    assert group.order() == [first, 1 - first]


def test_one_that_does_not_tell_or_is_not_ready_is_asked_last() -> None:
    group = Group(3)
    group.replicas[0].watched = None
    group.replicas[1].ready = False
    assert group.order()[0] == 2
    for one in group.replicas:
        one.watched = None
    assert group.order()[-1] == 1, "while none tells they are equal"


def test_a_broken_off_one_is_the_last_resort_then_a_probe() -> None:
    group = Group(3)
    broken(group.replicas[0])
    group.at(group.replicas[1], 0)
    assert group.order() == [2, 1, 0]
    group.clock.now_s += OPEN_S_MIN
    assert group.order() == [0, 2, 1]
    group.replicas[0].breaker.asked()
    assert group.order() == [2, 1, 0]


def test_those_at_or_past_a_floor_come_before_all_others() -> None:
    group = Group(3)
    broken(group.replicas[2])
    for one, documents in zip(group.replicas, (FRONT, FRONT - 1, FRONT), strict=True):
        group.at(one, documents)
    assert group.order(Offsets(FRONT, 0)) == [0, 2, 1]
    assert group.order(Offsets(FRONT, 1)) == group.order()
    group.replicas[1].tell(state(0, 1, documents=FRONT + 5, offers=1))
    assert group.order(Offsets(FRONT + 5, 1))[0] == 1, "an answer tells too"


def test_the_freshest_first_where_that_is_asked() -> None:
    group = Group(3)
    for one, documents in zip(group.replicas, (FRONT - 2, FRONT, FRONT - 1), strict=True):
        group.at(one, documents)
    assert group.order(freshest=True) == [1, 2, 0]


def test_one_that_began_a_new_life_does_not_keep_what_it_had() -> None:
    one = Group(1).replicas[0]
    one.watched = None
    one.tell(state(0, 0, documents=100))
    one.tell(state(0, 0, documents=90))
    assert one.furthest and one.furthest.documents_offset == 100
    one.tell(state(0, 0, documents=50).model_copy(update={"lineage": "new"}))
    assert one.furthest and one.furthest.documents_offset == 50
