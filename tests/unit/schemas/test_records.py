"""Records read back as they were written; what is in stock; folding outcomes."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import InvalidEvent
from schemas.records import (
    Availability,
    Content,
    ContentRecord,
    EventId,
    Offer,
    OfferRecord,
    Order,
    Outcome,
    OutcomeKind,
    Price,
    decode,
    fold,
)


def outcome(kind: OutcomeKind, by: str = "catalog") -> Outcome:
    return Outcome.model_validate({"event_id": "1-0-0", "sku": "s", "outcome": kind, "by": by, "received_ms": 1})


def test_a_record_reads_back_as_it_was_written() -> None:
    content = ContentRecord(
        sku="s", order=Order(1, 7), content=Content(title="T", attributes={"a": [1, 2.5], "b": True}), content_hash="h"
    )
    assert decode(ContentRecord, content.encode()) == content
    delete = OfferRecord(sku="s", order=Order(2, 9), version=3)
    assert decode(OfferRecord, delete.encode()) == delete


NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**63), 2**64 - 1)
VALUES = st.text() | st.booleans() | NUMBERS | st.lists(st.text()) | st.lists(NUMBERS)


@given(st.text(), st.dictionaries(st.text(), VALUES), NUMBERS.map(float))
def test_records_are_written_as_orjson_writes_them(text: str, attributes: dict[str, Any], amount: float) -> None:
    """Digests and what is compared byte by byte were made of that."""
    content = Content(title=text, description=text, attributes=attributes)
    for record in (
        ContentRecord(sku=text, order=Order(1, 7), content=content, content_hash=content.content_hash()),
        OfferRecord(sku=text, order=Order(1, 7), offer=Offer(price=Price(amount=amount, currency=text)), version=3),
    ):
        assert record.encode() == orjson.dumps(record.model_dump(exclude_none=True))


def test_orders_compare_as_pairs() -> None:
    assert Order(1, 999) < Order(2, 0) < Order(2, 1)


@pytest.mark.parametrize(
    "value",
    [b"{", b'{"sku":"s"}', b'{"sku":"s","order":[1],"offer":{}}', b'{"sku":"s","order":[1,2],"x":1}']
    + [b'{"sku":"s","order":%s}' % order for order in (b"[1,true]", b"[1.0,2]", b"[1,2,3]", b'"12"', b"null", b"{}")],
)
def test_what_is_not_ours_is_named(value: bytes) -> None:
    with pytest.raises(InvalidEvent) as caught:
        decode(OfferRecord, value)
    assert caught.value.reason == "malformed_record"


def test_equal_content_has_equal_hashes_whatever_the_order_of_its_keys() -> None:
    one = Content(title="T", attributes={"a": 1, "b": 2})
    other = Content(title="T", attributes={"b": 2, "a": 1})
    assert one.content_hash() == other.content_hash() != Content(title="T").content_hash()


@pytest.mark.parametrize(
    ("availability", "stock", "price", "expected"),
    [
        ("in_stock", None, None, True),
        ("in_stock", 0, 5.0, False),
        ("preorder", 7, 5.0, False),
        (None, 3, None, True),
        (None, 0, 5.0, False),
        (None, None, 5.0, True),
        (None, None, None, False),
    ],
)
def test_in_stock(availability: Availability | None, stock: int | None, price: float | None, expected: bool) -> None:
    cost = Price(amount=price, currency="EUR") if price is not None else None
    assert Offer(price=cost, stock=stock, availability=availability).in_stock is expected


def test_the_first_decision_stands_and_only_embed_corrects_it() -> None:
    first, again, correction = outcome("indexed"), outcome("duplicate"), outcome("dead-lettered", "embed")
    assert fold(fold(None, first), again) == first
    assert fold(first, correction) == correction
    assert fold(correction, again) == correction


@pytest.mark.parametrize("text", ["", "1-0", "1-0-x", "1-0--1", "a-0-1", "1-0-1-1", "1-0-" + "9" * 20])
def test_what_is_no_event_id(text: str) -> None:
    with pytest.raises(ValueError, match="generation-partition-offset"):
        EventId.parse(text)


def test_an_event_id_reads_back() -> None:
    assert EventId.parse(str(EventId(1, 2, 3))) == EventId(1, 2, 3)
