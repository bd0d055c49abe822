"""Every acknowledged event ends with exactly one outcome."""

from hypothesis import given
from hypothesis import strategies as st

from freshet.imports.ledger import KINDS, Ledger, Sample
from schemas.records import EventId, Outcome, fold


def outcome(event: EventId, kind: str = "indexed", by: str = "catalog", sku: str = "s") -> Outcome:
    return Outcome.model_validate(
        {"event_id": str(event), "sku": sku, "outcome": kind, "by": by, "received_ms": 1, "content_changed": True}
    )


def test_outcomes_add_up_and_others_events_pass() -> None:
    ledger = Ledger()
    for offset in (5, 3, 9):
        ledger.add(EventId(1, 0, offset))
    ledger.add(EventId(1, 1, 3))
    ledger.settle()
    ledger.apply(outcome(EventId(1, 0, 4)))
    ledger.apply(outcome(EventId(1, 2, 3)))
    assert ledger.unaccounted == 4
    ledger.apply(outcome(EventId(1, 0, 3), "unchanged"))
    ledger.apply(outcome(EventId(1, 0, 5)))
    ledger.apply(outcome(EventId(1, 1, 3), "deleted"))
    assert ledger.unaccounted == 1
    ledger.apply(outcome(EventId(1, 0, 9), "superseded"))
    found = ledger.outcomes()
    assert found == {**dict.fromkeys(KINDS, 0), "unchanged": 1, "indexed": 1, "deleted": 1, "superseded": 1}
    assert sum(found.values()) == ledger.acknowledged == 4
    assert ledger.unaccounted == 0


@given(st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from(["catalog", "embed"])), min_size=1))
def test_folds_as_the_schema_does(history: list[tuple[str, str]]) -> None:
    event, ledger, folded = EventId(1, 0, 7), Ledger(), None
    ledger.add(event)
    ledger.settle()
    for kind, by in history:
        later = outcome(event, kind, by)
        ledger.apply(later)
        folded = fold(folded, later)
    assert folded
    assert ledger.outcomes()[folded.outcome] == 1


def test_the_sample_is_the_same_whatever_the_order_and_keeps_the_newest_event() -> None:
    skus = [f"sku-{number}" for number in range(500)]
    forward, backward = Sample(20), Sample(20)
    for number, sku in enumerate(skus):
        forward.add(sku, EventId(1, 0, number))
    for number, sku in enumerate(reversed(skus)):
        backward.add(sku, EventId(1, 0, 499 - number))
    assert len(forward.wanted()) == 20
    assert sorted(forward.wanted()) == sorted(backward.wanted())
    sku = forward.wanted()[0][0]
    forward.add(sku, EventId(1, 0, 900))
    forward.add(sku, EventId(1, 0, 1))
    assert dict(forward.wanted())[sku].offset == 900


def test_the_sample_notes_the_outcome_of_its_own_event_only() -> None:
    sample = Sample()
    sample.add("a", EventId(1, 0, 5))
    sample.note(outcome(EventId(1, 0, 4), "superseded", sku="a"))
    assert sample.outcome_of("a") is None
    sample.note(outcome(EventId(1, 0, 5), sku="a"))
    sample.note(outcome(EventId(1, 0, 5), "dead-lettered", by="embed", sku="a"))
    found = sample.outcome_of("a")
    assert found
    assert found.outcome == "dead-lettered"
