"""An older outcome is found in few reads, whatever stands between the decisions."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schemas.records import EventId, Outcome
from serving.outcome_lookup import SPAN_MIN, outcome_of
from streams.reader import LogRecord
from tests.unit.serving.fakes import FakeReader, outcome


class Holes(FakeReader):
    """A log in which some offsets hold a marker instead of a record."""

    def fill(self, values: list[Outcome | None]) -> None:
        for offset, value in enumerate(values):
            encoded = value.encode() if value else None
            self._records[("outcomes", 0)].append(LogRecord("outcomes", 0, offset, b"", encoded, 1_000 + offset))

    def read(self, topic: str, *args: Any, **kwargs: Any) -> Any:
        for batch in super().read(topic, *args, **kwargs):
            if kept := [record for record in batch if record.value is not None]:
                yield kept


def log_of(values: list[Outcome | None]) -> Holes:
    log = Holes()
    log.fill(values)
    return log


def test_every_event_of_a_long_log_is_found_in_few_reads() -> None:
    log = log_of([outcome(f"1-0-{2 * number}") for number in range(20_000)])
    for offset in (0, 2, 19_998, 20_000, 39_998):
        log.reads = 0
        looked = outcome_of(log, "outcomes", EventId(1, 0, offset))
        assert looked.decided is not None
        assert looked.decided.outcome.event_id == f"1-0-{offset}"
        assert looked.decided.decided_ms == 1_000 + offset // 2
        assert log.reads < 12
    assert outcome_of(log, "outcomes", EventId(1, 0, 7)).decided is None
    assert outcome_of(log, "outcomes", EventId(1, 0, 40_000)) == (None, True)


def test_a_later_correction_is_found_up_to_the_bound() -> None:
    dead = outcome("1-0-0", "dead-lettered", by="embed", reason="encoder_refused")
    log = log_of([*(outcome(f"1-0-{number}") for number in range(2_000)), None, dead])
    found = outcome_of(log, "outcomes", EventId(1, 0, 0))
    assert found.decided is not None
    assert (found.decided.outcome.reason, found.decided.corrected_ms) == ("encoder_refused", 1_000 + 2_001)
    bounded = outcome_of(log, "outcomes", EventId(1, 0, 0), scan_max=1_999)
    assert bounded.decided is not None
    assert (bounded.decided.outcome.outcome, bounded.complete) == ("indexed", False)
    assert outcome_of(log, "outcomes", EventId(1, 0, 0), scan_max=2_000).complete


def test_what_cannot_be_corrected_is_not_searched_for() -> None:
    log = log_of([outcome(f"1-0-{number}", content_changed=False) for number in range(5_000)])
    assert outcome_of(log, "outcomes", EventId(1, 0, 0), scan_max=10).complete


@given(st.data())
def test_it_agrees_with_reading_everything(data: st.DataObject) -> None:
    steps = data.draw(st.lists(st.sampled_from(["decide", "skip", "marker", "correct"]), max_size=40))
    stretch = data.draw(st.sampled_from([1, SPAN_MIN]))
    values: list[Outcome | None] = []
    offset, truth = 0, dict[int, str]()
    for step in steps * (1 + stretch // 10):
        if step == "decide":
            values.append(outcome(f"1-0-{offset}"))
            truth[offset] = "indexed"
            offset += 1
        elif step == "skip":
            offset += 1
        elif step == "marker":
            values.append(None)
        elif truth:
            corrected = data.draw(st.sampled_from(list(truth))) if len(steps) < 10 else next(iter(truth))
            values.append(outcome(f"1-0-{corrected}", "dead-lettered", by="embed"))
            truth[corrected] = "dead-lettered"
    log = log_of(values)
    for wanted in [*range(min(offset, 5)), offset // 2, offset]:
        decided = outcome_of(log, "outcomes", EventId(1, 0, wanted)).decided
        assert (decided.outcome.outcome if decided else None) == truth.get(wanted)
