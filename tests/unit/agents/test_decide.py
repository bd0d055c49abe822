"""The ordering rules, one by one and as properties over any history."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.decide import Decision, SkuState, decide, state_of
from schemas import limits
from schemas.errors import InvalidEvent
from schemas.events import CatalogEvent, check_event
from schemas.records import ContentRecord, OfferRecord, Order, decode


def event(kind: str, **fields: Any) -> CatalogEvent:
    if kind == "upsert":
        fields.setdefault("title", "Lamp")
    return check_event({"type": kind, "sku": "s", **fields})[0]


def run(*events: CatalogEvent) -> tuple[SkuState | None, list[str]]:
    """Applies events at offsets 0, 1, 2 ... and tells what became of each."""
    state: SkuState | None = None
    outcomes = []
    for offset, item in enumerate(events):
        try:
            decision = decide(state, item, Order(1, offset))
        except InvalidEvent as invalid:
            outcomes.append(invalid.reason)
            continue
        assert decision is not None
        outcomes.append(decision.outcome)
        state = decision.state or state
    return state, outcomes


def outcomes(*events: CatalogEvent) -> list[str]:
    return run(*events)[1]


def test_an_upsert_creates_then_the_same_is_unchanged() -> None:
    assert outcomes(event("upsert"), event("upsert")) == ["indexed", "unchanged"]


def test_a_lower_version_is_superseded_and_an_equal_one_without_change_is_a_duplicate() -> None:
    assert outcomes(event("upsert", version=5), event("upsert", version=4), event("upsert", version=5)) == [
        "indexed",
        "superseded",
        "duplicate",
    ]


def test_an_equal_version_that_changes_something_is_indexed() -> None:
    assert outcomes(event("upsert", version=5), event("upsert", version=5, title="New")) == ["indexed", "indexed"]


def test_without_a_version_an_event_simply_comes_next_and_the_highest_version_stays() -> None:
    state, found = run(event("upsert", version=5), event("upsert", title="New"), event("upsert", version=4))
    assert found == ["indexed", "indexed", "superseded"]
    assert state is not None and state.version == 5


def test_an_unchanged_event_with_a_newer_version_raises_the_version() -> None:
    assert outcomes(event("upsert", version=1), event("upsert", version=3), event("upsert", version=2, title="X")) == [
        "indexed",
        "unchanged",
        "superseded",
    ]


def test_a_late_older_upsert_does_not_bring_a_deleted_product_back() -> None:
    state, found = run(event("upsert", version=1), event("delete", version=3), event("upsert", version=2))
    assert found == ["indexed", "deleted", "superseded"]
    assert state is not None and state.live_since is None


def test_deleting_what_was_never_there_is_remembered() -> None:
    assert outcomes(event("delete", version=3), event("upsert", version=2)) == ["deleted", "superseded"]


def test_deleting_twice_changes_nothing() -> None:
    assert outcomes(event("delete"), event("delete")) == ["deleted", "unchanged"]
    assert outcomes(event("delete", version=2), event("delete", version=2)) == ["deleted", "duplicate"]
    assert outcomes(event("delete", version=2), event("delete", version=3), event("upsert", version=2)) == [
        "deleted",
        "unchanged",
        "superseded",
    ]


def test_a_recreation_starts_a_new_life() -> None:
    state, found = run(event("upsert"), event("delete"), event("upsert"))
    assert found == ["indexed", "deleted", "indexed"]
    assert state is not None and state.live_since == Order(1, 2)


def test_a_patch_needs_a_live_product() -> None:
    patch = event("patch", stock=3)
    assert outcomes(patch) == ["unknown_sku"]
    assert outcomes(event("upsert"), event("delete"), patch) == ["indexed", "deleted", "unknown_sku"]


def test_a_patch_changes_what_it_names_and_null_removes() -> None:
    state, _ = run(
        event("upsert", brand="B", price={"amount": 5, "currency": "EUR"}, attributes={"a": 1, "b": 2}),
        event("patch", brand=None, stock=3, attributes={"a": None, "c": True}),
    )
    assert state is not None and state.content is not None and state.offer is not None
    assert state.content.brand is None and state.content.attributes == {"b": 2, "c": True}
    assert state.offer.price is not None and state.offer.stock == 3


def test_a_price_change_never_goes_to_the_encoder() -> None:
    state, _ = run(event("upsert"))
    decision = decide(state, event("patch", price={"amount": 1, "currency": "EUR"}), Order(1, 7))
    assert decision is not None and decision.outcome == "indexed"
    assert decision.content is None and decision.offer is not None


def test_a_price_change_makes_no_content_anew() -> None:
    before, _ = run(event("upsert", brand="Lux"))
    after, kinds = run(
        event("upsert", brand="Lux"), event("patch", price={"amount": 2.0, "currency": "EUR"}, stock=None)
    )
    assert before is not None and after is not None and kinds == ["indexed", "indexed"]
    assert (after.content, after.content_hash) == (before.content, before.content_hash)
    assert after.content is not None and after.content_hash == after.content.content_hash()
    decision = decide(after, event("patch", stock=4), Order(1, 9))
    assert decision is not None and decision.state is not None and decision.state.content is after.content


@pytest.mark.parametrize(("extra", "expected"), [(0, "indexed"), (1, "patched_invalid")])
def test_attributes_after_a_patch_are_limited(extra: int, expected: str) -> None:
    half = limits.ATTRIBUTES_MAX // 2
    first = event("upsert", attributes={f"a{i}": 1 for i in range(half)})
    second = event("patch", attributes={f"b{i}": 1 for i in range(half + extra)})
    assert outcomes(first, second)[-1] == expected


def test_an_event_decided_before_is_not_decided_again() -> None:
    state, _ = run(event("upsert"), event("upsert", title="New"))
    assert decide(state, event("upsert", title="Old"), Order(1, 1)) is None


def test_a_replayed_dead_letter_is_written_again_unless_the_product_moved_on() -> None:
    state, _ = run(event("upsert", version=1))
    again = decide(state, event("upsert", version=1, replay_of="1-0-0"), Order(1, 5))
    assert again is not None and again.outcome == "indexed" and again.content is not None
    moved, _ = run(event("upsert", version=1), event("upsert", version=1, title="New"))
    late = decide(moved, event("upsert", version=1, replay_of="1-0-0"), Order(1, 5))
    assert late is not None and late.outcome == "superseded"


def test_content_that_the_encoder_refused_is_written_again_with_the_offer_of_today() -> None:
    """Price and stock events in between do not hide it, and are not undone."""
    state, _ = run(event("upsert", stock=9), event("patch", stock=3))
    again = decide(state, event("upsert", stock=9, replay_of="1-0-0"), Order(1, 5))
    assert again is not None and again.content is not None and again.offer is not None and again.offer.offer is not None
    assert again.outcome == "indexed" and again.offer.offer.stock == 3
    assert again.state is not None and again.state.content_order == Order(1, 5)
    second = decide(again.state, event("upsert", stock=9, replay_of="1-0-5"), Order(1, 6))
    assert second is not None and second.outcome == "indexed" and second.content is not None


@pytest.mark.parametrize(("extra", "expected"), [(0, "indexed"), (1, "patched_invalid")])
def test_patches_cannot_grow_a_product_beyond_an_event(extra: int, expected: str) -> None:
    chunk, room = "x" * limits.ATTRIBUTE_TEXT_CHARS_MAX, limits.EVENT_BYTES_MAX
    events = [event("upsert")]
    state, _ = run(*events)
    assert state is not None and state.content is not None
    per_attribute = len(chunk) + len('"a00":"",')
    count = (room - len(state.content.encode()) - 1) // per_attribute
    events += [event("patch", attributes={f"a{i:02}": chunk}) for i in range(count)]
    state, found = run(*events)
    assert set(found) == {"indexed"} and state is not None and state.content is not None
    rest = room - len(state.content.encode()) - len(',"z":""')
    assert outcomes(*events, event("patch", attributes={"z": "x" * (rest + extra)}))[-1] == expected


EVENTS = st.one_of(
    st.builds(
        lambda title, version, stock: event("upsert", title=title, version=version, stock=stock),
        st.sampled_from(["A", "B"]),
        st.none() | st.integers(0, 4),
        st.none() | st.integers(0, 2),
    ),
    st.builds(
        lambda stock, version: event("patch", stock=stock, version=version),
        st.none() | st.integers(0, 2),
        st.none() | st.integers(0, 4),
    ),
    st.builds(lambda version: event("delete", version=version), st.none() | st.integers(0, 4)),
)


def through_the_log(history: list[tuple[int, CatalogEvent]]) -> tuple[SkuState | None, dict[int, str]]:
    """Like the agent, but the state is read back from its own records each time, as after a crash at every step."""
    contents: ContentRecord | None = None
    offers: OfferRecord | None = None
    found: dict[int, str] = {}
    for offset, item in history:
        try:
            decision = decide(state_of(contents, offers), item, Order(1, offset))
        except InvalidEvent as invalid:
            decision = Decision("dead-lettered", invalid.reason)
        if decision is None:
            continue
        found.setdefault(offset, decision.outcome)
        if decision.content:
            contents = decode(ContentRecord, decision.content.encode())
        if decision.offer:
            offers = decode(OfferRecord, decision.offer.encode())
    return state_of(contents, offers), found


@given(st.lists(EVENTS, max_size=12), st.data())
def test_state_read_back_from_the_log_decides_the_same(events: list[CatalogEvent], data: st.DataObject) -> None:
    """Also when the consumer falls back to any earlier point after each event, as often as it likes."""
    straight, expected = run(*events)
    history: list[tuple[int, CatalogEvent]] = []
    for offset, item in enumerate(events):
        history.append((offset, item))
        back = data.draw(st.integers(0, offset))
        history += [(again, events[again]) for again in range(back, offset + 1)]
    state, found = through_the_log(history)
    assert state == straight
    assert [found[offset] for offset in range(len(events))] == [
        "dead-lettered" if outcome == "unknown_sku" else outcome for outcome in expected
    ]


@given(st.lists(EVENTS, max_size=12))
def test_the_highest_version_never_falls_and_life_follows_the_last_accepted_event(events: list[CatalogEvent]) -> None:
    state: SkuState | None = None
    for offset, item in enumerate(events):
        try:
            decision = decide(state, item, Order(1, offset))
        except InvalidEvent:
            continue
        assert decision is not None
        before, state = state, decision.state or state
        if before is not None and state is not None and before.version is not None:
            assert state.version is not None and state.version >= before.version
        if decision.outcome == "deleted":
            assert state is not None and state.live_since is None and state.content is None
        if decision.outcome == "indexed":
            assert state is not None and state.live_since is not None


@pytest.mark.parametrize(("named", "outcome"), [("1-0-1", "deleted"), ("1-0-0", "superseded")])
def test_a_delete_of_a_product_as_its_sender_knew_it(named: str, outcome: str) -> None:
    """The product was last changed by the event at offset 1."""
    state, _ = run(event("upsert"), event("patch", stock=3))
    decision = decide(state, event("delete", unchanged_since=named), Order(1, 9))
    assert decision is not None and decision.outcome == outcome
    assert (decision.offer is None) is (outcome == "superseded")


def test_a_repeated_delete_as_its_sender_knew_it_changes_nothing() -> None:
    """Only a live product can have changed: the first of the two deletes is no change that the second must spare."""
    delete = event("delete", unchanged_since="1-0-0")
    assert outcomes(event("upsert"), delete, delete) == ["indexed", "deleted", "unchanged"]
    assert outcomes(event("upsert"), delete, event("upsert"), delete) == ["indexed", "deleted", "indexed", "superseded"]
