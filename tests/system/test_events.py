"""Events of every kind through the real agents: poison, old versions, any mixture, any script."""

import random
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from schemas import limits
from schemas.records import ContentRecord, DeadLetter, DocumentRecord, Outcome
from schemas.topics import RECORD_BYTES_MAX
from streams.partitioner import partition_of
from tests.system.conftest import Stack
from tests.system.model import check_all, histories, settle, truth
from tests.system.sending import Merchant
from tests.waiting import LIMIT_S, wait_until

TWO_MB = 2_000_000
LARGEST = RECORD_BYTES_MAX - 1_000
"""Bytes that no compression makes smaller."""


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


def upsert(sku: str, **fields: Any) -> dict[str, Any]:
    return {"type": "upsert", "sku": sku, "title": "Lamp", **fields}


def nested(depth: int) -> bytes:
    return b'{"type":"upsert","sku":"P","title":"x","attributes":{"a":' + b"[" * depth + b"]" * depth + b"}}"


KEY = b"P"
OTHER_PARTITION = 1 - partition_of(KEY, 2)
POISON: list[tuple[str, bytes | None, bytes | None, int, str]] = [
    ("random bytes", KEY, bytes(range(256)), -1, "malformed_json"),
    ("empty value", KEY, b"", -1, "malformed_json"),
    ("cut JSON", KEY, b'{"type":"upsert","sku":"P","ti', -1, "malformed_json"),
    ("not UTF-8", KEY, b'{"type":"upsert","sku":"P","title":"\xff"}', -1, "malformed_json"),
    ("null value", KEY, None, -1, "malformed_json"),
    ("NaN", KEY, b'{"type":"upsert","sku":"P","title":"x","attributes":{"a":NaN}}', -1, "malformed_json"),
    ("depth 2000", KEY, nested(2000), -1, "malformed_json"),
    ("depth 500", KEY, nested(500), -1, "invalid_field"),
    ("lone surrogate", KEY, b'{"type":"upsert","sku":"P","title":"\\ud800"}', -1, "malformed_json"),
    ("duplicate key", KEY, b'{"type":"upsert","sku":"P","title":"x","title":"y"}', -1, "duplicate_key"),
    ("a list", KEY, b"[]", -1, "not_an_object"),
    ("a number", KEY, b"7", -1, "not_an_object"),
    ("schema version", KEY, orjson.dumps(upsert("P", schema_version=2)), -1, "unknown_schema_version"),
    ("type", KEY, b'{"type":"explode","sku":"P"}', -1, "unknown_type"),
    ("no type", KEY, b'{"sku":"P","title":"x"}', -1, "unknown_type"),
    ("type is a list", KEY, b'{"type":["upsert"],"sku":"P"}', -1, "unknown_type"),
    ("title is a number", KEY, orjson.dumps(upsert("P", title=7)), -1, "invalid_field"),
    ("version is true", KEY, orjson.dumps(upsert("P", version=True)), -1, "invalid_field"),
    ("version is text", KEY, orjson.dumps(upsert("P", version="1")), -1, "invalid_field"),
    ("version beyond 63 bits", KEY, b'{"type":"delete","sku":"P","version":%d}' % 2**63, -1, "invalid_field"),
    ("5000 digits", KEY, b'{"type":"delete","sku":"P","version":%s}' % (b"9" * 5000), -1, "malformed_json"),
    ("price is 1e999", KEY, b'{"type":"patch","sku":"P","stock":1e999}', -1, "malformed_json"),
    ("title is white space", KEY, orjson.dumps(upsert("P", title=" \n")), -1, "invalid_field"),
    ("NUL in the title", KEY, orjson.dumps(upsert("P", title="a\0b")), -1, "invalid_field"),
    ("patch of nothing", KEY, b'{"type":"patch","sku":"P"}', -1, "invalid_field"),
    ("patch before create", KEY, b'{"type":"patch","sku":"P","stock":1}', -1, "unknown_sku"),
    ("no key", None, orjson.dumps(upsert("P")), 0, "missing_key"),
    ("empty key", b"", orjson.dumps(upsert("P")), 1, "missing_key"),
    ("key of another", KEY, orjson.dumps(upsert("Q")), -1, "key_mismatch"),
    ("key that is no text", b"\xff\xfe", orjson.dumps(upsert("P")), -1, "key_mismatch"),
    ("other partition", KEY, orjson.dumps(upsert("P")), OTHER_PARTITION, "wrong_partition"),
    ("as large as Kafka takes", KEY, random.Random(0).randbytes(LARGEST), -1, "too_large"),
    ("a key as large", random.Random(1).randbytes(LARGEST), orjson.dumps(upsert("P")), -1, "key_mismatch"),
    ("2 MB", KEY, orjson.dumps(upsert("P", description="x" * TWO_MB)), -1, "too_large"),
]
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
