"""Events of every kind through the real agents: poison, old versions, any mixture, any script."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from freshet.drills.poison import POISON, upsert
from schemas import limits
from schemas.records import ContentRecord, DeadLetter, DocumentRecord, Outcome
from tests.system.conftest import Stack
from tests.system.model import check_all, histories, settle, truth
from tests.system.sending import Merchant
from tests.waiting import LIMIT_S, wait_until


@pytest.fixture(scope="module")
def running(module_stack: Stack) -> Stack:
    """`catalog` and `embed` for all tests of this file; each brings its own SKUs."""
    module_stack.launch("embed")
    module_stack.start("catalog")
    module_stack.wait_ready("embed")
    return module_stack


@pytest.fixture
def merchant(running: Stack) -> Merchant:
    return Merchant(running.kafka, running.generation)


def decided(stack: Stack, ids: list[str]) -> list[Outcome]:
    """The outcomes of these events, in their order, as soon as they are all there."""

    def all_there() -> list[Outcome] | None:
        found = stack.outcomes()
        return [found[event_id] for event_id in ids] if set(ids) <= found.keys() else None

    outcomes: list[Outcome] = wait_until(all_there, LIMIT_S, f"the events are decided\n{stack.log('catalog')}")
    return outcomes


NAMES_FIELDS = ("invalid_field", "duplicate_key", "unknown_type", "unknown_schema_version")


def test_poison_is_dead_lettered_whole_with_its_reason_and_the_next_event_decided(
    running: Stack, merchant: Merchant
) -> None:
    ids: list[tuple[str, str]] = []
    for number, (_, key, value, partition, _) in enumerate(POISON):
        merchant.send_raw(key, value, partition)
        poison = merchant.flush()[-1]
        merchant.send(upsert(f"next-{number}"))
        ids.append((poison, merchant.flush()[-1]))
    outcomes = {o.event_id: o for o in decided(running, [event_id for pair in ids for event_id in pair])}
    letters = {letter.event_id: letter for letter in running.dead_letters().values()}
    for (name, key, value, _, reason), (poison, good) in zip(POISON, ids, strict=True):
        assert (outcomes[poison].outcome, outcomes[poison].reason) == ("dead-lettered", reason), name
        assert outcomes[good].outcome == "indexed", f"the event after {name}"
        check_letter(letters[poison], poison, key, value, reason, name, running)


def check_letter(
    letter: DeadLetter, event_id: str, key: bytes | None, value: bytes | None, reason: str, name: str, stack: Stack
) -> None:
    _, partition, offset = map(int, event_id.split("-"))
    assert letter.reason == reason, name
    kept = (key or b"")[: limits.DEAD_LETTER_KEY_BYTES_MAX], (value or b"")[: limits.DEAD_LETTER_VALUE_BYTES_MAX]
    assert (*letter.original(), letter.value_bytes) == (*kept, len(value or b"")), name
    assert (letter.topic, letter.partition, letter.offset) == (stack.topic("catalog"), partition, offset), name
    assert letter.stage == "catalog" and letter.message and letter.who in ("merchant", "operator"), name
    assert bool(letter.problems) == (reason in NAMES_FIELDS), name


def test_old_equal_and_missing_versions_are_told_apart(running: Stack, merchant: Merchant) -> None:
    history: list[tuple[dict[str, Any], str]] = [
        ({"type": "patch", "sku": "V", "stock": 1, "version": 1}, "dead-lettered"),
        (upsert("V", version=5), "indexed"),
        (upsert("V", version=3, title="Old"), "superseded"),
        (upsert("V", version=5), "duplicate"),
        (upsert("V", version=5, title="Corrected"), "indexed"),
        (upsert("V", title="Corrected"), "unchanged"),
        ({"type": "patch", "sku": "V", "version": 6, "stock": 3}, "indexed"),
        ({"type": "delete", "sku": "V", "version": 4}, "superseded"),
        ({"type": "delete", "sku": "V", "version": 8}, "deleted"),
        (upsert("V", version=7), "superseded"),
        ({"type": "patch", "sku": "V", "version": 9, "stock": 1}, "dead-lettered"),
        ({"type": "delete", "sku": "V", "version": 8}, "duplicate"),
        (upsert("V", version=9), "indexed"),
        ({"type": "delete", "sku": "V"}, "deleted"),
        ({"type": "delete", "sku": "V"}, "unchanged"),
    ]
    for event, _ in history:
        merchant.send(event)
    found = decided(running, merchant.flush())
    assert [outcome.outcome for outcome in found] == [wanted for _, wanted in history]


UNICODE = [
    "مصباح مكتبي أبيض",
    "מנורה \u200fלבנה",
    "👩\u200d👩\u200d👧 lamp 🛋️",
    "e\u0301clair",
    "Ḽ\u0327\u0300a\u0488mp",
    "商品 蛍光灯",
    "\u2028line and paragraph\u2029",
    "𝕬𝖟 \U0010ffff",
    "tab\tand\nbreak",
]


def test_every_script_arrives_as_it_was_sent(running: Stack, merchant: Merchant) -> None:
    titles = {f"U-{title.split()[0]}": title for title in UNICODE}
    for sku, title in titles.items():
        merchant.send(upsert(sku, title=title, description=title * 3, attributes={title[:9]: [title]}))
    merchant.send(upsert("U-long", description="ä" * limits.DESCRIPTION_CHARS_MAX))
    assert {outcome.outcome for outcome in decided(running, merchant.flush())} == {"indexed"}
    settle(running)
    contents = histories(running, "contents", ContentRecord)
    documents = histories(running, "documents", DocumentRecord)
    for sku, title in titles.items():
        for content in (contents[sku][-1].content, documents[sku][-1].content):
            assert content is not None and content.title == title and content.description == title * 3
            assert content.attributes == {title[:9]: [title]}


VERSIONS = st.none() | st.integers(0, 5)
SMALL = {
    "sku": st.sampled_from(["a", "b", "ü"]),
    "version": VERSIONS,
}
EVENTS = st.one_of(
    st.fixed_dictionaries(
        {**SMALL, "type": st.just("upsert"), "title": st.sampled_from(["One", "Two", ""])},
        optional={"stock": st.integers(-1, 2), "attributes": st.dictionaries(st.sampled_from("xy"), st.integers(0, 2))},
    ),
    st.fixed_dictionaries(
        {**SMALL, "type": st.just("patch")},
        optional={
            "title": st.sampled_from(["One", "Three"]),
            "price": st.none() | st.just({"amount": 1.5, "currency": "EUR"}) | st.just({"amount": "1"}),
            "attributes": st.dictionaries(st.sampled_from("xy"), st.none() | st.booleans()),
        },
    ),
    st.fixed_dictionaries({**SMALL, "type": st.just("delete")}),
    st.fixed_dictionaries({**SMALL, "type": st.text(max_size=3)}),
)


@settings(
    max_examples=4,
    deadline=None,
    phases=[Phase.generate],  # shrinking against a growing log would be slow and never the same
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(EVENTS, min_size=40, max_size=100))
def test_any_mixture_in_one_batch_is_decided_like_one_by_one(
    running: Stack, merchant: Merchant, events: list[dict[str, Any]]
) -> None:
    for event in events:
        merchant.send({name: value for name, value in event.items() if name != "version" or value is not None})
    ids = merchant.flush()
    found = decided(running, ids)
    expected = truth(running).outcomes
    assert found == [expected[event_id] for event_id in ids]


def test_at_the_end_all_topics_are_the_models(running: Stack) -> None:
    """Everything that the tests above sent, once more as a whole."""
    settle(running)
    kinds = check_all(running, list(truth(running).outcomes))
    assert {"indexed", "superseded", "deleted", "duplicate", "unchanged", "dead-lettered"} == set(kinds)
