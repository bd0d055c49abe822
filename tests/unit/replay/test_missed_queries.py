"""Queries that found too little, counted from the served log, and what may help each."""

from typing import Any

import orjson
import pytest

from replay.missed_queries import EMPTY, Missed, count, read_missed
from replay.missed_remedy import NEAR, Evidence, remedy
from streams.memory import MemoryLog
from streams.reader import LogRecord

NEWEST = {"step": "newest", "text": "", "dropped": [], "relaxed": ["brand"], "category": None}


def answer(text: str, **more: Any) -> bytes:
    record: dict[str, Any] = {"request_id": "r1", "at_ms": 5, "text": text, "page": 1, "session": None, "skus": ["a"]}
    record |= {"typing": False, "fallback": NEWEST, "tried": [{"step": "newest"}], "degraded": []}
    return orjson.dumps(record | more)


def counted(*values: bytes, texts_max: int = 100) -> Missed:
    missed = Missed()
    count(missed, [LogRecord("served", 0, at, None, value, 0) for at, value in enumerate(values)], texts_max)
    return missed


def test_a_text_is_counted_once_however_it_is_written() -> None:
    missed = counted(
        answer("Red  Zephyr", request_id="r1"),
        answer("red zephyr", request_id="r2", at_ms=9, session="s1"),
        answer("red zephyr", session="s1", fallback=None, skus=[], tried=[{"step": "drop"}]),
        answer("lamp", fallback=None),
    )
    assert missed.searches == 4
    [one] = missed.often()
    assert (one.text, one.times, one.sessions, one.last_ms, one.request_id) == (
        "red zephyr", 3, {"r1", "s1"}, 9, "r2"
    )  # fmt: skip
    assert one.answered_by == {"newest": 2, EMPTY: 1}
    assert one.tried == {"newest": 2, "drop": 1} and one.relaxed == {"brand": 2}


def test_what_says_nothing_of_the_catalogue_is_left_out() -> None:
    missed = counted(
        answer("lam", typing=True),
        answer("zephyr", page=2),
        answer("zephyr", degraded=["shard-1"]),
        answer("zephyr", degraded=["encode"]),
        answer("zephyr", degraded=["correct-0"]),
        b"garbage",
        b"[]",
        answer("quux", degraded=["session"]),
    )
    assert (missed.searches, missed.partly, list(missed.queries)) == (4, 3, ["quux"])


def test_so_many_texts_are_counted() -> None:
    missed = counted(*(answer(text) for text in ("a", "b", "b", "c")), texts_max=2)
    assert (list(missed.queries), missed.further) == (["a", "b"], 1)
    assert [one.text for one in missed.often()] == ["b", "a"]


async def test_the_log_is_read_from_a_time_on() -> None:
    log = MemoryLog(2)
    for number, text in enumerate(("old", "new", "newer")):
        log.send("served", f"k{number}".encode(), answer(text))
    missed = read_missed(log, 1, 2, 0)
    assert set(missed.queries) == {"old", "new", "newer"}


FOUND_NOTHING = Evidence("zephyr lamp", False, [], [], [], [])


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        ({"found": True}, "nothing any more", "now"),
        ({"relaxed": ["in_stock", "brand"]}, "attribute", "in stock"),
        ({"relaxed": ["understood.price"]}, "attribute", "at this price"),
        ({"relaxed": ["attributes.colour"]}, "attribute", "colour"),
        ({"unknown": ["wierless"], "near_titles": ["Wireless mouse"]}, "synonym", "wierless -> wireless"),
        (
            {"unknown": ["sneaker"], "nearest": [("Running trainers", 0.6), ("Red trainers", 0.5)]},
            "synonym",
            "sneaker -> trainers",
        ),
        ({"unknown": ["sofa"], "nearest": [("A couch", NEAR)]}, "attribute", "add sofa"),
        ({"unknown": ["sofa"], "nearest": [("A couch", NEAR - 0.01)]}, "missing product", "no product"),
        ({}, "missing product", "no product"),
    ],
)
def test_what_may_help(change: dict[str, Any], kind: str, says: str) -> None:
    proposed = remedy(FOUND_NOTHING._replace(**change))
    assert proposed.kind == kind and says in proposed.words
