"""What a slice changes for whom: places told apart, counted by query and product, and written as a page."""

from collections import Counter
from inspect import signature
from types import SimpleNamespace
from typing import Any

import pytest

from freshet.commands_replay import of_a_span
from replay.answers.moves import Kind, Move, SliceMoves, lines, moves
from replay.answers.moves_page import PRODUCTS_MAX, QUERIES_MAX, page
from replay.answers.slices import ANSWERS_MAX, BEFORE, slice_of


def answer(text: str, then: str, now: str, **more: Any) -> Any:
    """Each letter is a product."""
    hits = [SimpleNamespace(sku=sku, content=SimpleNamespace(title=f"Title {sku}")) for sku in now]
    record = SimpleNamespace(text=text, skus=list(then), request_id=more.pop("request_id", "r"))
    return SimpleNamespace(record=record, skus_now=tuple(now), made=SimpleNamespace(hits=hits), **more)


@pytest.mark.parametrize(
    ("then", "now", "told"),
    [
        ("abc", "abc", []),
        ("", "", []),
        ("abc", "bac", [Move("b", "up", 2, 1), Move("a", "down", 1, 2)]),
        ("ab", "xa", [Move("x", "entered", None, 1), Move("a", "down", 1, 2), Move("b", "left", 2, None)]),
        ("ab", "", [Move("a", "left", 1, None), Move("b", "left", 2, None)]),
    ],
)
def test_products_move_up_and_down_enter_and_leave(then: str, now: str, told: list[Move]) -> None:
    assert moves(then, now) == told


def test_moves_are_counted_by_query_and_product_most_asked_first() -> None:
    found = SliceMoves()
    for text, then, now in (("rare", "ab", "ba"), ("often", "ab", "ax"), ("often", "ab", "ab"), ("same", "a", "a")):
        found.add(answer(text, then, now, request_id=f"{text}-{now}"))
    away = answer("away", "a", "b")
    away.made = None
    found.add(away)
    assert (found.answers, found.changed) == (4, 2)
    often, rare = found.queries
    assert (often.text, often.asked, often.changed, often.request_id) == ("often", 2, 1, "often-ax")
    assert (rare.text, rare.kinds) == ("rare", Counter[Kind]({"up": 1, "down": 1}))
    assert [sku for sku, _ in found.products] == ["b", "a", "x"]
    assert found.facts["by_sku"][0] == {"sku": "b", "title": "Title b", "up": 1, "down": 0, "entered": 0, "left": 1}
    assert [*lines(found, 1)][1:] == ["  'often', asked 2 times: 1 entered, 1 left", "  b Title b: 1 up, 1 left"]


def test_what_shoppers_and_merchants_wrote_is_text_on_the_page() -> None:
    found = SliceMoves()
    found.add(answer("<script>alert(1)</script>", "<", "&"))
    written = page(found, "A & B", ["rank_stock=<1>"])
    assert "<script" not in written and "&lt;script&gt;alert(1)&lt;/script&gt;" in written
    assert "A &amp; B" in written and "rank_stock=&lt;1&gt;" in written and "<bdi>&amp;</bdi>" in written


@pytest.mark.parametrize(("count", "cut"), [(QUERIES_MAX, False), (QUERIES_MAX + 1, True)])
def test_the_page_has_so_many_queries_and_says_so(count: int, cut: bool) -> None:
    found = SliceMoves()
    for number in range(count):
        found.add(answer(f"query {number}", "ab", "ba"))
    written = page(found, "", [])
    assert written.count("<details>") == QUERIES_MAX and ("The first 500 of 501." in written) is cut


@pytest.mark.parametrize(("count", "cut"), [(PRODUCTS_MAX, False), (PRODUCTS_MAX + 1, True)])
def test_the_page_has_so_many_products_and_says_so(count: int, cut: bool) -> None:
    found = SliceMoves()
    found.add(answer("one", "", "".join(map(chr, range(1_000, 1_000 + count)))))
    assert ("The first 500 of 501." in page(found, "", [])) is cut


def logged(number: int, **fields: Any) -> Any:
    """Of what a slice looks at."""
    name = f"r{number}"
    return SimpleNamespace(
        **{"request_id": name, "inputs": None, "not_replayable": "", "encode": name.encode, **fields}
    )


def test_a_sample_is_the_same_for_the_same_answers_and_the_others_say_why() -> None:
    heard = SimpleNamespace(heard=object())
    answers = [logged(number, inputs=heard) for number in range(20)]
    others = [logged(30, not_replayable="sampled out"), logged(31), logged(32, not_replayable="sampled out")]
    found = slice_of([*answers, *others], 5)
    assert len(found.drawn) == 5 and found.replayable == 20
    assert found.others == {"sampled out": 2, BEFORE: 1}
    assert slice_of([*others, *reversed(answers)], 5).drawn == found.drawn
    assert slice_of(answers, 4).drawn == found.drawn[:4] and len(slice_of(answers, 21).drawn) == 20


def test_the_command_draws_as_many_as_a_slice_may_have() -> None:
    sample = signature(of_a_span).parameters["sample"]
    assert sample.default == sample.annotation.__metadata__[0].max == ANSWERS_MAX
