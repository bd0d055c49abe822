"""Read tokens: event ids and states, as they are written."""

import pytest

from schemas.limits import READ_EVENTS_MAX, READ_TOKENS_MAX
from schemas.read_token import Offsets, StateToken, parse_token, parse_tokens
from schemas.records import EventId


def test_both_kinds_are_read_as_they_are_written() -> None:
    for token in (EventId(1, 0, 42), StateToken(2, 3, Offsets(57, 61))):
        assert parse_token(str(token)) == token
    assert parse_tokens(["1-0-42", "1-0-42", "1-0-57-61"]) == [EventId(1, 0, 42), StateToken(1, 0, Offsets(57, 61))]


@pytest.mark.parametrize(
    "text", ["", "1", "1-0", "1-0-x", "1-0-1-y", "1-0-1-2-3", "1--1-2-3", "1-0-1-" + "9" * 20, "é-0-1"]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"1-0-42|read token"):
        parse_tokens([text])


def test_a_state_holds_another_when_both_topics_do() -> None:
    assert Offsets(5, 5).within(Offsets(5, 5))
    assert not Offsets(5, 5).within(Offsets(6, 4))
    assert not Offsets(5, 5).within(Offsets(4, 6))
    assert Offsets(5, 1).joined(Offsets(2, 6)) == Offsets(5, 6)


def test_so_many_tokens_and_one_more() -> None:
    states = [f"1-0-{number}-0" for number in range(READ_TOKENS_MAX + 1)]
    assert len(parse_tokens(states[:-1])) == READ_TOKENS_MAX
    with pytest.raises(ValueError, match="1,024"):
        parse_tokens(states)
    events = [f"1-0-{number}" for number in range(READ_EVENTS_MAX + 1)]
    assert len(parse_tokens(events[:-1])) == READ_EVENTS_MAX
    with pytest.raises(ValueError, match="100 event ids"):
        parse_tokens(events)
