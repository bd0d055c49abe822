"""`filters`, `facetFilters` and `numericFilters` are read as they were meant, or refused with the place."""

from contextlib import suppress
from math import inf, nextafter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import InvalidRequest
from serving.instantsearch.conditions import All, AnyOf, Between, Condition, Has, Not
from serving.instantsearch.filter_lists import FILTERS_MAX, facet_filters, numeric_filters, tag_filters
from serving.instantsearch.filter_syntax import FILTERS_CHARS_MAX, PARENTHESES_MAX, parse_filters

A, B, C = Has("a", "1x"), Has("b", "2x"), Has("c", "3x")
READ: list[tuple[str, Condition | None]] = [
    ("", None),
    ("  ", None),
    ("brand:Lumen", Has("brand", "Lumen")),
    ('brand:"De Walt"', Has("brand", "De Walt")),
    ("brand:'L\\'Or'", Has("brand", "L'Or")),
    ('"brand:De Walt"', Has("brand", "De Walt")),
    ('"a b":"c:d"', Has("a b", "c:d")),
    ("url:http://x/?a=1", Has("url", "http://x/?a=1")),
    ("brand:L'Oreal", Has("brand", "L'Oreal")),
    ("hierarchicalCategories.lvl1:'Home > Lamps'", Has("hierarchicalCategories.lvl1", "Home > Lamps")),
    ("brand:Lumen<score=3>", Has("brand", "Lumen")),
    ('brand:"De Walt"<score=3>', Has("brand", "De Walt")),
    ("a:-1", Has("a", "-1")),
    ("price>10", Between("price", nextafter(10, inf), None)),
    ("price >= 10.5", Between("price", 10.5, None)),
    ("price < -3", Between("price", None, nextafter(-3, -inf))),
    ("price <= 1e3", Between("price", None, 1000.0)),
    ("price = 3", Between("price", 3.0, 3.0)),
    ("price != 3", Not(Between("price", 3.0, 3.0))),
    ("price:5.99 TO 100", Between("price", 5.99, 100.0)),
    ("price:5.99", Has("price", "5.99")),
    ("a:1x AND b:2x", All((A, B))),
    ("a:1x OR b:2x", AnyOf((A, B))),
    ("a:1x AND b:2x OR c:3x", All((A, AnyOf((B, C))))),
    ("(a:1x AND b:2x) OR c:3x", AnyOf((All((A, B)), C))),
    ("NOT a:1x AND NOT (b:2x OR c:3x)", All((Not(A), Not(AnyOf((B, C)))))),
    ("NOT NOT a:1x", A),
    ("((a:1x))", A),
    ("colour:AND", Has("colour", "AND")),
    ("a!b:c", Has("a!b", "c")),
]
WRONG = [
    ("brand", "tag"),
    ("brand:", "value is missing"),
    (":x", "attribute is missing"),
    ("a:1 b:2", "AND or OR is missing"),
    ("a:1 AND", "attribute is missing"),
    ("AND a:1", "attribute is missing"),
    ("(a:1", "closing parenthesis"),
    ("a:1)", "AND or OR is missing"),
    ("a > x", "not a number"),
    ("a > 1e999", "not a number"),
    ("a:1 TO x", "not a number"),
    ("a > ", "not a number"),
    ('a:"x', "not expected"),
    ("NOT", "attribute is missing"),
    ("()", "attribute is missing"),
]


@pytest.mark.parametrize(("text", "means"), READ)
def test_it_is_read(text: str, means: Condition | None) -> None:
    assert parse_filters(text) == means


@pytest.mark.parametrize(("text", "why"), WRONG)
def test_what_is_wrong_is_said_with_its_place(text: str, why: str) -> None:
    with pytest.raises(InvalidRequest, match=why) as raised:
        parse_filters(text)
    assert "at character" in raised.value.message


def test_limits() -> None:
    long = "a:" + "x" * (FILTERS_CHARS_MAX - 2)
    assert parse_filters(long) is not None
    with pytest.raises(InvalidRequest, match="longer than"):
        parse_filters(long + "x")
    assert parse_filters("(" * PARENTHESES_MAX + "a:1x" + ")" * PARENTHESES_MAX) == A
    with pytest.raises(InvalidRequest, match="parentheses in each other"):
        parse_filters("(" * (PARENTHESES_MAX + 1) + "a:1x" + ")" * (PARENTHESES_MAX + 1))
    assert facet_filters([["a:1x"] * (FILTERS_MAX - 1), "a:1x"]) is not None
    with pytest.raises(InvalidRequest, match="more than"):
        facet_filters([["a:1x"] * FILTERS_MAX, "a:1x"])


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(InvalidRequest):
        parse_filters(text)


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\\\"'"), min_size=1)


def written(condition: Condition) -> str:
    match condition:
        case Has(name, value):
            return f'"{name}":"{value}"'
        case Between(name, low, high):
            return f'"{name}":{low} TO {high}'
        case Not(of):
            return f"NOT ({written(of)})"
        case All(of):
            return "(" + " AND ".join(map(written, of)) + ")"
        case AnyOf(of):
            return "(" + " OR ".join(map(written, of)) + ")"


LEAVES = st.builds(Has, NAMES, NAMES) | st.builds(Between, NAMES, st.floats(-9, 9), st.floats(-9, 9))
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(All, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(AnyOf, st.lists(inner, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=8,
)


@given(TREES)
def test_what_is_written_is_read_again(tree: Condition) -> None:
    text = written(tree)
    if text.count("(") <= PARENTHESES_MAX:
        assert parse_filters(text) == tree


def test_lists_are_ands_of_ors() -> None:
    assert facet_filters([]) is None
    assert facet_filters(["a:1x", ["b:2x", "c:-3x"]]) == All((A, AnyOf((B, Not(C)))))
    assert facet_filters(["a:\\-5"]) == All((Has("a", "-5"),))
    assert facet_filters([[], "a:1x"]) == All((A,))
    assert tag_filters(["a", ["b:2", "-c"]]) == All(
        (Has("_tags", "a"), AnyOf((Has("_tags", "b:2"), Not(Has("_tags", "c")))))
    )
    assert numeric_filters(["price>=10", ["watts = 5", "watts:7 TO 9"]]) == All(
        (Between("price", 10.0, None), AnyOf((Between("watts", 5.0, 5.0), Between("watts", 7.0, 9.0))))
    )


@pytest.mark.parametrize("text", ["a", ":x", ""])
def test_a_facet_filter_that_is_none(text: str) -> None:
    if text:
        with pytest.raises(InvalidRequest, match="attribute:value"):
            facet_filters([text])
    else:
        assert facet_filters([text]) is None


@pytest.mark.parametrize("text", ["price", "price>x", "price:1 TO x", "price:5"])
def test_a_numeric_filter_that_is_none(text: str) -> None:
    with pytest.raises(InvalidRequest, match="numericFilters"):
        numeric_filters([text])
