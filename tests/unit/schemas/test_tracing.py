"""What a traceparent is, and that it is handed on as it came, or not at all."""

import pytest

from schemas.tracing import CURRENT, NOT_TRACED, Handed, Passing, among, checked, within
from tests.unit.tracing import PARENT


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"hello",
        PARENT + b"0",
        PARENT[:-1],
        PARENT.upper(),
        b"01" + PARENT[2:],
        b"00-" + b"0" * 32 + PARENT[35:],
        PARENT[:36] + b"0" * 16 + b"-01",
        PARENT + b"\n",
    ],
)
def test_what_is_none_is_dropped(value: bytes) -> None:
    assert checked(value) == b"" and checked(PARENT) == PARENT


def test_it_is_found_among_the_headers_of_a_record() -> None:
    assert among([("a", b"1"), ("traceparent", PARENT)]) == among({"traceparent": PARENT}) == PARENT
    assert among(None) == among([]) == among([("a", b"1")]) == among([("traceparent", b"x")]) == b""


def test_without_spans_it_goes_on_as_it_came_and_off_not_at_all() -> None:
    assert Passing(on=True).begin("decide", PARENT, offset=1).traceparent == PARENT
    assert NOT_TRACED.begin("decide", PARENT).traceparent == b"" and not NOT_TRACED.on


def test_what_is_sent_within_belongs_to_the_span() -> None:
    with within(Handed(PARENT)) as span:
        assert CURRENT.get() is span
    assert CURRENT.get() is None
