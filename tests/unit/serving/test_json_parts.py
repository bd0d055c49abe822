"""A body is cut into events and not a byte of them changes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import InvalidRequest
from serving.json_parts import json_parts, ndjson_parts

ONE = b'{"type": "delete",\n "sku": "\xc3\xa4\\u00e4", "version": 1.0e2}'


def test_one_event_is_the_whole_body() -> None:
    assert list(json_parts(b"  " + ONE + b"\n")) == [(1, ONE)]


def test_a_list_keeps_the_bytes_of_each() -> None:
    assert list(json_parts(b" [ " + ONE + b" ,\n" + ONE + b" ] \n")) == [(1, ONE), (2, ONE)]
    assert list(json_parts(b"[]")) == []


def test_an_envelope_keeps_the_bytes_of_each() -> None:
    assert list(json_parts(b'{ "events" : [' + ONE + b", 7, null]} ")) == [(1, ONE), (2, b"7"), (3, b"null")]


def test_an_event_with_a_field_named_events_is_an_event() -> None:
    body = b'{"sku": "a", "events": ["sale"]}'
    assert list(json_parts(body)) == [(1, body)]


@pytest.mark.parametrize(
    "body",
    [b"[1", b"[1,]", b"[1 2]", b"[1] 2", b'{"events": [1]', b'{"events": [1], "x": 1}', b"[\xff]", b"[" * 100_000],
)
def test_what_is_broken_around_the_events_refuses_the_body(body: bytes) -> None:
    with pytest.raises(InvalidRequest) as refused:
        list(json_parts(body))
    assert refused.value.code == "malformed_json"


def test_lines_are_numbered_as_in_the_file_and_blank_ones_left_out() -> None:
    assert list(ndjson_parts(b'{"a":1}\r\n\n  \n{"b":2}')) == [(1, b'{"a":1}'), (4, b'{"b":2}')]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.lists(VALUES, max_size=5), st.booleans(), st.sampled_from([None, 1]), st.booleans())
def test_any_list_comes_apart_as_it_was_put_together(
    values: list[object], envelope: bool, indent: int | None, ascii_only: bool
) -> None:
    whole = {"events": values} if envelope else values
    body = json.dumps(whole, indent=indent, ensure_ascii=ascii_only).encode(errors="surrogatepass")
    try:
        body.decode()
    except UnicodeDecodeError:
        return
    parts = list(json_parts(body))
    assert [number for number, _ in parts] == list(range(1, len(values) + 1))
    assert [json.loads(part) for _, part in parts] == values
    assert all(part in body for _, part in parts)
