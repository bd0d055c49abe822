"""The newest outcomes in memory: folded, bounded, counted."""

from schemas.records import EventId, Outcome
from serving.outcomes import RATE_WINDOW_S, OutcomeCache
from streams.reader import LogRecord
from tests.unit.serving.fakes import Clock, outcome


def record(value: Outcome, at_ms: int = 0) -> LogRecord:
    return LogRecord("outcomes", 0, 0, value.event_id.encode(), value.encode(), at_ms)


def test_a_correction_by_the_encoder_is_folded_in() -> None:
    cache = OutcomeCache(Clock())
    dead = outcome("1-0-5", "dead-lettered", by="embed", reason="encoder_refused")
    cache.add([record(outcome("1-0-5"), 10), record(dead, 20), record(outcome("1-0-5"), 30)])
    decided = cache.get(EventId(1, 0, 5))
    assert decided is not None
    assert (decided.outcome.outcome, decided.decided_ms, decided.corrected_ms) == ("dead-lettered", 10, 20)


def test_a_repeated_decision_changes_nothing() -> None:
    cache = OutcomeCache(Clock())
    cache.add([record(outcome("1-0-5"), 10), record(outcome("1-0-5", "duplicate"), 20)])
    decided = cache.get(EventId(1, 0, 5))
    assert decided is not None
    assert (decided.outcome.outcome, decided.decided_ms) == ("indexed", 10)


def test_at_most_so_many_are_kept_and_the_oldest_goes_first() -> None:
    cache = OutcomeCache(Clock(), kept_max=3)
    cache.add([record(outcome(f"1-0-{offset}")) for offset in range(3)])
    assert cache.get(EventId(1, 0, 0)) is not None
    cache.add([record(outcome("1-0-3"))])
    assert cache.get(EventId(1, 0, 0)) is None
    assert cache.get(EventId(1, 0, 3)) is not None


def test_the_rate_counts_live_events_once_and_forgets() -> None:
    clock = Clock()
    cache = OutcomeCache(clock)
    cache.add([record(outcome("1-0-0"))], live=False)
    cache.add([record(outcome(f"1-0-{offset}")) for offset in range(1, 21)])
    cache.add([record(outcome("1-0-1"))])
    assert cache.per_second() == 20 / RATE_WINDOW_S
    clock.now_s += RATE_WINDOW_S + 1
    assert cache.per_second() == 0


def test_what_comes_after_the_last_decision_is_ahead() -> None:
    cache = OutcomeCache(Clock())
    assert not cache.is_ahead(EventId(1, 0, 9))
    cache.add([record(outcome("1-0-7")), record(outcome("1-0-3", "dead-lettered", by="embed"))])
    assert cache.is_ahead(EventId(1, 0, 8))
    assert not cache.is_ahead(EventId(1, 0, 7))
    assert not cache.is_ahead(EventId(1, 1, 8))
    assert [cache.is_past(EventId(1, 0, at)) for at in (6, 7, 8)] == [True, False, False]
    assert not cache.is_past(EventId(1, 1, 0))


def test_the_newest_are_taken_once() -> None:
    cache = OutcomeCache(Clock())
    cache.add([record(outcome(f"1-0-{offset}")) for offset in range(5)])
    taken = cache.take_newest(2)
    assert [one.outcome.event_id for one in taken.decided] == ["1-0-3", "1-0-4"]
    assert taken.left_out == 3
    assert cache.take_newest(2) == ([], 0)


def test_none_are_taken_when_none_may_be() -> None:
    cache = OutcomeCache(Clock())
    cache.add([record(outcome(f"1-0-{offset}")) for offset in range(5)])
    assert cache.take_newest(0) == ([], 5)


def test_what_cannot_be_read_is_left_out() -> None:
    cache = OutcomeCache(Clock())
    cache.add([LogRecord("outcomes", 0, 0, b"k", value, 0) for value in (None, b"{", b"{}")])
    assert cache.per_second() == 0
