"""Decoding events: every limit at n and n+1, every reason, and nothing guessed."""

from typing import Any

import orjson
import pytest

from schemas import limits
from schemas.errors import InvalidEvent
from schemas.events import Patch, Upsert, decode_event
from schemas.reasons import REASONS


def upsert(**fields: Any) -> bytes:
    return orjson.dumps({"type": "upsert", "sku": "s", "title": "Lamp", **fields})


def reason(value: bytes) -> str:
    with pytest.raises(InvalidEvent) as caught:
        decode_event(value)
    assert caught.value.reason in REASONS
    return caught.value.reason


def refused_field(value: bytes) -> str:
    with pytest.raises(InvalidEvent) as caught:
        decode_event(value)
    assert caught.value.reason == "invalid_field"
    return caught.value.problems[0].field


LIMITS = [
    ("sku", limits.SKU_CHARS_MAX, lambda n: {"sku": "x" * n}),
    ("title", limits.TITLE_CHARS_MAX, lambda n: {"title": "x" * n}),
    ("description", limits.DESCRIPTION_CHARS_MAX, lambda n: {"description": "x" * n}),
    ("brand", limits.BRAND_CHARS_MAX, lambda n: {"brand": "x" * n}),
    ("url", limits.URL_CHARS_MAX, lambda n: {"url": "x" * n}),
    ("locale", limits.LOCALE_CHARS_MAX, lambda n: {"locale": "x" * n}),
    ("category", limits.CATEGORY_LEVELS_MAX, lambda n: {"category": ["x"] * n}),
    ("category.0", limits.CATEGORY_CHARS_MAX, lambda n: {"category": ["x" * n]}),
    ("image_urls", limits.IMAGE_URLS_MAX, lambda n: {"image_urls": ["x"] * n}),
    ("price.amount", limits.PRICE_MAX, lambda n: {"price": {"amount": n, "currency": "EUR"}}),
    ("stock", limits.STOCK_MAX, lambda n: {"stock": n}),
    ("version", limits.VERSION_MAX, lambda n: {"version": n}),
    ("attributes", limits.ATTRIBUTES_MAX, lambda n: {"attributes": {f"a{i}": i for i in range(n)}}),
    ("attributes.a", limits.ATTRIBUTE_TEXT_CHARS_MAX, lambda n: {"attributes": {"a": "x" * n}}),
    ("attributes.a", limits.ATTRIBUTE_LIST_ITEMS_MAX, lambda n: {"attributes": {"a": [1] * n}}),
]


@pytest.mark.parametrize(("field", "most", "build"), LIMITS)
def test_limits_at_n_and_one_more(field: str, most: int, build: Any) -> None:
    decode_event(upsert(**build(most)))
    assert refused_field(upsert(**build(most + 1))) == field


def test_attribute_names_are_limited() -> None:
    decode_event(upsert(attributes={"x" * limits.ATTRIBUTE_NAME_CHARS_MAX: 1}))
    assert refused_field(upsert(attributes={"x" * (limits.ATTRIBUTE_NAME_CHARS_MAX + 1): 1})).startswith("attributes.")


@pytest.mark.parametrize(("extra", "fits"), [(0, True), (1, False)])
def test_the_size_of_an_event_is_limited(extra: int, fits: bool) -> None:
    empty = b'{"type":"upsert","sku":"s","title":"Lamp","padding":""}'
    value = empty[:-2] + b"x" * (limits.EVENT_BYTES_MAX - len(empty) + extra) + empty[-2:]
    assert len(value) == limits.EVENT_BYTES_MAX + extra
    assert reason(value) == ("invalid_field" if fits else "too_large")  # one text of that length is refused anyway


@pytest.mark.parametrize(("amount", "good"), [(19.9999, True), (19.99999, False), (-1, False), (0, True)])
def test_prices_have_at_most_four_decimals_and_are_not_negative(amount: float, good: bool) -> None:
    value = upsert(price={"amount": amount, "currency": "EUR"})
    if good:
        decode_event(value)
    else:
        assert refused_field(value) == "price.amount"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"\xff\xfe\x00", "malformed_json"),
        (b'{"type":"upsert"', "malformed_json"),
        (b"", "malformed_json"),
        (b"null", "not_an_object"),
        (b'["upsert"]', "not_an_object"),
        (b"[" * 2_000 + b"]" * 2_000, "malformed_json"),
        (b'{"type":"upsert","sku":"s","title":"a","stock":NaN}', "malformed_json"),
        (b'{"type":"upsert","sku":"s","title":"\\ud800"}', "malformed_json"),
        (b'{"type":"upsert","sku":"s","sku":"t","title":"a"}', "duplicate_key"),
        (b'{"type":"upsert","sku":"s","title":"a","attributes":{"x":1,"x":2}}', "duplicate_key"),
        (b'{"type":"upsert","sku":"s","title":"a","schema_version":2}', "unknown_schema_version"),
        (b'{"type":"upsert","sku":"s","title":"a","schema_version":true}', "unknown_schema_version"),
        (b'{"sku":"s","title":"a"}', "unknown_type"),
        (b'{"type":["upsert"],"sku":"s"}', "unknown_type"),
        (b'{"type":"upsert","sku":"s"}', "invalid_field"),
        (b'{"type":"upsert","sku":"s","title":"a","stock":1e999}', "malformed_json"),
        (b'{"type":"upsert","sku":"s","title":"a","stock":true}', "invalid_field"),
        (b'{"type":"upsert","sku":"s","title":"a","stock":"3"}', "invalid_field"),
        (b'{"type":"upsert","sku":"s","title":" \\t "}', "invalid_field"),
        (b'{"type":"upsert","sku":" s","title":"a"}', "invalid_field"),
        (b'{"type":"upsert","sku":"s","title":"a\\u0000b"}', "invalid_field"),
        (b'{"type":"upsert","sku":"s","title":"a","attributes":{"x":{"y":1}}}', "invalid_field"),
        (b'{"type":"upsert","sku":"s","title":"a","attributes":{"x":[1,"y"]}}', "invalid_field"),
        (b'{"type":"upsert","sku":"s","title":"a","attributes":{"x":18446744073709551616}}', "invalid_field"),
        (b'{"type":"upsert","sku":"s","title":"a","attributes":{"x":[1,-9223372036854775809]}}', "invalid_field"),
        (b'{"type":"upsert","sku":"s","title":"a","price":{"amount":1,"currency":"eur"}}', "invalid_field"),
        (b'{"type":"upsert","sku":"s","title":"a","replay_of":"yesterday"}', "invalid_field"),
        (b'{"type":"patch","sku":"s"}', "invalid_field"),
        (b'{"type":"patch","sku":"s","title":null}', "invalid_field"),
        (b'{"type":"delete","sku":"s","title":"a"}', "invalid_field"),
    ],
)
def test_what_is_refused_and_why(value: bytes, expected: str) -> None:
    assert reason(value) == expected


def test_unknown_fields_become_attributes_and_a_stated_attribute_wins() -> None:
    event, unknown = decode_event(upsert(colour="red", size=3, attributes={"size": 4}))
    assert isinstance(event, Upsert)
    assert event.attributes == {"colour": "red", "size": 4}
    assert unknown == 2


def test_a_patch_tells_null_from_left_out() -> None:
    event, _ = decode_event(b'{"type":"patch","sku":"s","brand":null,"attributes":{"a":null,"b":1}}')
    assert isinstance(event, Patch)
    assert event.changes() == {"brand": None, "attributes": {"a": None, "b": 1}}


@pytest.mark.parametrize("title", ["שלום עולם", "👨‍👩‍👧 ZWJ", "naïve\ttab", "日本語"])
def test_text_of_any_script_is_kept_as_it_is(title: str) -> None:
    event, _ = decode_event(upsert(title=title))
    assert isinstance(event, Upsert) and event.title == title
