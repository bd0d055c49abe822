"""Bounded reads of a span of the log."""

from typing import Any

import pytest

from schemas.errors import InvalidRequest
from serving.incident.reading import WHOLE_MAX, InOrder, Offsets, edges, samples
from tests.unit.serving.incident.made import BEGIN_MS, TimedLog


def of(records: list[tuple[int, int]], partitions: int = 1) -> TimedLog:
    """Records as (ms, partition)."""
    log = TimedLog(partitions)
    for ms, partition in records:
        log.at("served", ms, b"x", partition)
    return log


def test_the_edges_of_parts_meet() -> None:
    log = of([(0, 0), (5, 0), (10, 0), (5, 1)], 2)
    times = [BEGIN_MS, BEGIN_MS + 5, BEGIN_MS + 20]
    assert edges(log, "served", 2, times) == [[Offsets(0, 1), Offsets(0, 0)], [Offsets(1, 3), Offsets(0, 1)]]


def test_a_part_is_read_whole_up_to_a_limit_and_then_its_middle() -> None:
    log = of([(ms, 0) for ms in range(20)])
    few, many = samples(log, "served", [[Offsets(0, 4)], [Offsets(4, 14)]], 4)
    assert ([one.offset for one in few.records], few.offsets) == ([0, 1, 2, 3], 4)
    assert ([one.offset for one in many.records], many.offsets) == ([7, 8, 9, 10], 4)
    assert log.reads == 1, "spans that lie close together are one read"


def test_spans_that_lie_far_apart_are_read_one_by_one() -> None:
    log = of([(ms, 0) for ms in range(WHOLE_MAX + 10)])
    parts = [[Offsets(0, 5)], [Offsets(WHOLE_MAX, WHOLE_MAX + 5)], [Offsets(WHOLE_MAX + 5, WHOLE_MAX + 5)]]
    found = samples(log, "served", parts, 5)
    assert [len(one.records) for one in found] == [5, 5, 0] and log.reads == 2


def test_every_partition_has_its_share_of_a_sample() -> None:
    log = of([(ms, ms % 2) for ms in range(20)], 2)
    (found,) = samples(log, "served", [[Offsets(0, 10), Offsets(0, 10)]], 4)
    assert [(one.partition, one.offset) for one in found.records] == [(0, 4), (0, 5), (1, 4), (1, 5)]


def test_records_of_partitions_come_by_their_times_and_go_on_where_they_ended() -> None:
    log = of([(0, 0), (3, 0), (9, 0), (1, 1), (4, 1)], 2)
    spans = [Offsets(0, 3), Offsets(0, 2)]
    first = InOrder(log, "served", spans)
    assert [one.timestamp_ms - BEGIN_MS for _, one in zip(range(3), first, strict=False)] == [0, 1, 3]
    assert first.next == "2,1"
    rest = InOrder(log, "served", spans, first.next)
    assert [one.timestamp_ms - BEGIN_MS for one in rest] == [4, 9]
    assert rest.next is None


@pytest.mark.parametrize("after", ["x", "1", "1,2,3", "-1,0", "1,"])
def test_where_to_go_on_is_checked(after: str) -> None:
    with pytest.raises(InvalidRequest, match="is not what `next`"):
        InOrder(of([], 2), "served", [Offsets(0, 0), Offsets(0, 0)], after)


def test_what_has_just_been_deleted_is_left_out() -> None:
    class Emptied(TimedLog):
        def read(self, topic: str, *args: Any, **kwargs: Any) -> Any:
            return super().read(topic, 0, -1)

    log = Emptied()
    log.at("served", 0, b"x")
    (found,) = samples(log, "served", [[Offsets(0, 1)]], 5)
    assert (found.records, found.offsets) == ([], 1)
