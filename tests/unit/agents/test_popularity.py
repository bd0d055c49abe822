"""Popularity is a function of the log: lost, restarted or counted in one go it is the same, and old signs fade."""

from collections.abc import Sequence

import pytest

from agents import popularity as counted
from agents.popularity import LANDMARK_MS, UNCHANGED_MAX, Counting, PopularityCounter
from schemas.errors import Unavailable
from schemas.popularity import FEW, HALF_LIFE_MS, decayed, popularity
from schemas.sessions import HISTORY_MS, TYPE_WEIGHTS, SessionClick
from streams.memory_popularity import MemoryPopularity
from streams.popularity import Tally
from streams.reader import LogRecord

START_MS = 3 * LANDMARK_MS
NOTHING = Tally(7, 0, 0, 0, {})


def click(
    offset: int, sku: str = "a", session: str | None = None, at_ms: int = START_MS, type: str = "click"
) -> SessionClick:
    return SessionClick(session or f"s{offset}", sku, type, offset, at_ms)  # type: ignore[arg-type]


def after(clicks: Sequence[SessionClick], start: Tally = NOTHING) -> Tally:
    counting = Counting(start)
    counting.take(clicks)
    return counting.tally


def test_signs_count_by_their_kind_and_half_as_much_after_a_week() -> None:
    clicks = [click(0, "a"), click(1, "b", type="purchase"), click(2, "a", at_ms=START_MS + HALF_LIFE_MS)]
    tally = after(clicks)
    now = {sku: decayed(total, tally.landmark_ms, START_MS + HALF_LIFE_MS) for sku, total in tally.counts.items()}
    assert now == {"a": 1.5, "b": TYPE_WEIGHTS["purchase"] / 2}


@pytest.mark.parametrize(("later_ms", "count"), [(0, 1), (HISTORY_MS - 1, 1), (HISTORY_MS, 2)])
def test_what_a_session_repeats_within_half_an_hour_does_not_count(later_ms: int, count: float) -> None:
    again = [click(0, session="s"), click(1, session="s", at_ms=START_MS + later_ms)]
    tally = after(again)
    assert decayed(tally.counts["a"], tally.landmark_ms, START_MS) == pytest.approx(count, rel=0.01)
    others = after([click(0, session="s"), click(1, session="t"), click(2, "b", session="s")])
    assert others.counts == {"a": 2.0, "b": 1.0}


def test_a_new_landmark_changes_no_order() -> None:
    early, late = click(0, "a", type="purchase"), click(1, "b", at_ms=START_MS + LANDMARK_MS)
    tally = after([early, late])
    assert tally.landmark_ms == START_MS + LANDMARK_MS
    assert tally.counts == {"a": 6.0 / 2**8, "b": 1.0}


def test_only_the_most_popular_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counted, "POPULAR_MAX", 2)
    clicks = [click(at, f"p{at}") for at in range(4)]
    assert len(after(clicks).counts) == 4
    liked = [*clicks, click(4, "p1"), click(5, "p2"), click(6, "q")]
    assert after(liked).counts == {"p1": 2.0, "p2": 2.0}


def test_a_few_clicks_make_nothing_popular() -> None:
    assert popularity(0, 0) == 0 and popularity(1, 1) < 0.25
    assert popularity(FEW, FEW) == 1.0 == popularity(500, 500) and popularity(FEW, 500) < 0.5


class Log:
    """Clicks in the log, one session each but for those given."""

    def __init__(self, clicks: list[SessionClick]) -> None:
        self.clicks = clicks
        self.reads: list[tuple[int, int | None]] = []
        self.first = 0

    def begin_end(self, topic: str, partition: int) -> tuple[int, int]:
        return self.first, len(self.clicks)

    def offset_at(self, topic: str, partition: int, time_ms: int) -> int:
        return next((one.offset for one in self.clicks if one.at_ms >= time_ms), len(self.clicks))

    def read(self, topic: str, partition: int, offset: int, end: int | None = None, batch: int = 1000):  # type: ignore[no-untyped-def]
        self.reads.append((offset, end))
        yield [LogRecord(topic, partition, one.offset, None, None, one.at_ms) for one in self.clicks[offset:end]]

    def close(self) -> None:
        """Nothing is open."""


def counter(log: Log, store: MemoryPopularity) -> PopularityCounter:
    return PopularityCounter(
        store, lambda: log, "clicks", 7, lambda records: [log.clicks[one.offset] for one in records]
    )


CLICKS = [click(at, f"p{at % 3}", session=f"s{at % 2}", at_ms=START_MS + at**2 * HISTORY_MS // 90) for at in range(40)]


@pytest.mark.parametrize("stopped_at", [0, 1, 13, 39, 40])
async def test_a_restart_goes_on_from_what_is_kept_as_if_nothing_had_been(stopped_at: int) -> None:
    store, log = MemoryPopularity(), Log(CLICKS)
    first = counter(log, store)
    await first.prepare(0, 0)
    first.take(0, CLICKS[:stopped_at], stopped_at)
    await first.save([0])
    second = counter(log, store)
    await second.prepare(0, stopped_at)
    second.take(0, CLICKS[stopped_at:], 40)
    await second.save([0])
    assert store.kept[0] == after(CLICKS)._replace(offset=40)
    assert log.reads[-1][0] >= stopped_at - 10  # half an hour before, not all of it


@pytest.mark.parametrize("lost", ["all", "another log", "behind retention", "ahead of what is committed"])
async def test_what_was_lost_is_counted_again_from_the_log(lost: str) -> None:
    store, log = MemoryPopularity(), Log(CLICKS)
    whole = after(CLICKS)._replace(offset=40)
    if lost == "another log":
        await store.put(0, whole._replace(log=8, counts={"x": 1.0}))
    elif lost == "ahead of what is committed":
        await store.put(0, whole._replace(offset=41, counts={"x": 1.0}))
    elif lost == "behind retention":
        await store.put(0, whole._replace(offset=3, counts={"x": 1.0}))
        log.first = 5
        whole = after(CLICKS[5:])._replace(offset=40)
    again = counter(log, store)
    await again.prepare(0, 40)
    await again.save([0])
    assert store.kept[0] == whole


async def test_so_many_clicks_are_counted_again_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counted, "AGAIN_MAX", 10)
    log = Log(CLICKS)
    again = counter(log, MemoryPopularity())
    await again.prepare(0, 40)
    assert log.reads == [(30, 40)]


async def test_only_what_has_changed_is_saved_and_only_of_own_partitions() -> None:
    store, log = MemoryPopularity(), Log(CLICKS)
    one = counter(log, store)
    for partition in (0, 1):
        await one.prepare(partition, 0)
        one.take(partition, CLICKS[:3], 3)
    await one.save([0])
    assert list(store.kept) == [0]
    store.kept.clear()
    for _ in range(UNCHANGED_MAX - 2):
        await one.save([0])
    assert store.kept == {}
    await one.save([0])  # a Redis that lost everything gets it back all the same
    assert store.kept[0].offset == 3
    one.take(0, CLICKS[3:4], 4)
    store.error = Unavailable("away")
    with pytest.raises(Unavailable):
        await one.save([0])
    store.error = None
    await one.save([0])
    assert store.kept[0].offset == 4


async def test_without_the_store_a_worker_begins_all_the_same() -> None:
    store, log = MemoryPopularity(), Log(CLICKS)
    store.error = Unavailable("away")
    one = counter(log, store)
    await one.prepare(0, 40)
    store.error = None
    await one.save([0])
    assert store.kept[0].counts == after(CLICKS).counts
