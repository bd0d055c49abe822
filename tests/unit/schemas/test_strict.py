"""JSON is read as the standard library reads it, in a tenth of the time, and a name that stands twice is refused."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from schemas.errors import InvalidEvent
from schemas.strict import DECODER, parse_json


class Pairs(list[tuple[str, Any]]):
    """An object whose names may stand twice."""


TEXTS = st.text(st.sampled_from('a:"\\\\ \\t,{}1') | st.characters(codec="utf-8"), max_size=6)
NUMBERS = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
PARTS = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda parts: st.lists(parts, max_size=4) | st.lists(st.tuples(TEXTS, parts), max_size=4).map(Pairs),
    max_leaves=12,
)


def written(part: Any, space: str, escaped: bool) -> str:
    if isinstance(part, Pairs):
        inner = (f"{written(name, '', escaped)}{space}:{space}{written(one, space, escaped)}" for name, one in part)
        return "{" + ",".join(inner) + "}"
    if isinstance(part, list):
        return "[" + f"{space},".join(written(one, space, escaped) for one in part) + "]"
    return json.dumps(part, ensure_ascii=escaped)


@given(PARTS, st.sampled_from(["", " ", "\n\t"]), st.booleans())
@example(Pairs([("a", ":"), ("a", "")]), " ", False)
@example(Pairs([("a", 1), ("a", 2)]), " ", False)
@example(Pairs([("a", '":'), ("a", 2)]), "", False)
@example([2**64, -(2**63) - 1, 1e300], "", False)
def test_whatever_is_fast_says_the_same(part: Any, space: str, escaped: bool) -> None:
    text = written(part, space, escaped)
    assert told(lambda: parse_json(text.encode())) == told(lambda: DECODER.decode(text))


def told(read: Callable[[], Any]) -> str:
    """What is read, types and signs of zero included, or why it is refused."""
    try:
        return repr(read())
    except InvalidEvent as error:
        return f"{error.reason}: {error.problems}"
