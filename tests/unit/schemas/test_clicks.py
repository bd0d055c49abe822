"""Decoding clicks: every limit at n and n+1, every reason, and nothing guessed."""

from typing import Any

import orjson
import pytest

from schemas import limits
from schemas.clicks import CLICK_TYPES, decode_click
from schemas.errors import InvalidEvent
from schemas.reasons import REASONS


def click(**fields: Any) -> bytes:
    return orjson.dumps({"type": "click", "session": "s-1", "sku": "lamp", **fields})


def refused(value: bytes) -> InvalidEvent:
    with pytest.raises(InvalidEvent) as caught:
        decode_click(value)
    assert caught.value.reason in REASONS
    return caught.value


@pytest.mark.parametrize(
    ("field", "most", "build"),
    [
        ("session", limits.SESSION_CHARS_MAX, lambda n: {"session": "x" * n}),
        ("sku", limits.SKU_CHARS_MAX, lambda n: {"sku": "x" * n}),
        ("user", limits.USER_CHARS_MAX, lambda n: {"user": "x" * n}),
        ("query", limits.QUERY_CHARS_MAX, lambda n: {"query": "x" * n}),
        ("request_id", limits.REQUEST_ID_CHARS_MAX, lambda n: {"request_id": "x" * n}),
        ("position", limits.CLICK_POSITION_MAX, lambda n: {"position": n}),
        ("quantity", limits.QUANTITY_MAX, lambda n: {"quantity": n}),
        ("at_ms", limits.TIME_MS_MAX, lambda n: {"at_ms": n}),
        ("price.amount", limits.PRICE_MAX, lambda n: {"price": {"amount": n, "currency": "EUR"}}),
    ],
)
def test_limits_at_n_and_one_more(field: str, most: int, build: Any) -> None:
    decode_click(click(**build(most)))
    error = refused(click(**build(most + 1)))
    assert (error.reason, error.problems[0].field) == ("invalid_field", field)


@pytest.mark.parametrize("field", ["position", "quantity"])
def test_counts_begin_at_one(field: str) -> None:
    decode_click(click(**{field: 1}))
    assert refused(click(**{field: 0})).problems[0].field == field


def test_the_size_of_a_click_is_limited() -> None:
    bare = click()
    assert decode_click(bare + b" " * (limits.CLICK_BYTES_MAX - len(bare))).sku == "lamp"
    assert refused(bare + b" " * (limits.CLICK_BYTES_MAX + 1 - len(bare))).reason == "too_large"


def test_the_longest_query_fits_whatever_its_characters() -> None:
    value = b'{"type":"click","session":"s","sku":"a","query":"' + rb"\ud83d\ude00" * limits.QUERY_CHARS_MAX + b'"}'
    assert len(decode_click(value).query or "") == limits.QUERY_CHARS_MAX


@pytest.mark.parametrize("kind", CLICK_TYPES)
def test_the_four_types(kind: str) -> None:
    assert decode_click(click(type=kind)).type == kind


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"{", "malformed_json"),
        (b'{"type":"click","session":"s","sku":NaN}', "malformed_json"),
        (b'{"type":"click","session":"s","session":"t","sku":"a"}', "duplicate_key"),
        (b"[]", "not_an_object"),
        (click(schema_version=2), "unknown_schema_version"),
        (click(schema_version=True), "unknown_schema_version"),
        (click(type="like"), "unknown_type"),
        (click(type=["click"]), "unknown_type"),
        (click(session=""), "invalid_field"),
        (click(session=" s"), "invalid_field"),
        (click(session="s\u0000"), "invalid_field"),
        (click(session=1), "invalid_field"),
        (click(sku=None), "invalid_field"),
        (click(position="1"), "invalid_field"),
        (click(position=True), "invalid_field"),
        (click(request_id="a b"), "invalid_field"),
        (click(colour="red"), "invalid_field"),
        (click(price={"amount": 1}), "invalid_field"),
    ],
)
def test_reasons(value: bytes, reason: str) -> None:
    assert refused(value).reason == reason
