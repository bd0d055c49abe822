"""Words for availability and for yes and no, and HTML as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freshet.imports.html_text import text_of_html
from freshet.imports.value_words import BUYABLE, availability_of, yes_or_no
from schemas.records import AVAILABILITIES


@pytest.mark.parametrize(
    ("word", "means"),
    [
        ("in stock", "in_stock"),
        ("In_Stock", "in_stock"),
        ("https://schema.org/InStock", "in_stock"),
        ("OUT OF STOCK", "out_of_stock"),
        ("sold-out", "out_of_stock"),
        ("pre-order", "preorder"),
        ("Backorder", "backorder"),
        ("discontinued", "discontinued"),
        ("ja", "in_stock"),
        ("0", "out_of_stock"),
        (True, "in_stock"),
        (False, "out_of_stock"),
    ],
)
def test_availabilities(word: object, means: str) -> None:
    assert availability_of(word) == means


def test_words_mean_what_events_know() -> None:
    assert set(BUYABLE.values()) == set(AVAILABILITIES)
    with pytest.raises(ValueError, match=r"'soon'.*list it under words"):
        availability_of("soon")


@pytest.mark.parametrize(
    ("word", "means"), [(" Yes", True), ("TRUE", True), ("1", True), ("nein", False), ("0", False)]
)
def test_yes_and_no(word: str, means: bool) -> None:
    assert yes_or_no(word) is means


def test_neither_yes_nor_no() -> None:
    with pytest.raises(ValueError, match="neither yes nor no"):
        yes_or_no("perhaps")


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("plain", "plain"),
        (" 3 > 2 ", "3 > 2"),
        ("a &amp; b &lt;c&gt;", "a & b <c>"),
        ("<p>One</p><p>Two<br/>Three</p>", "One\nTwo\nThree"),
        ("<ul><li>a</li><li> b </li></ul>", "a\nb"),
        ("<style>p{}</style><script>x()</script>Hi", "Hi"),
        ("<b>Bo</b>ld  and\n wide", "Bold and wide"),
        ("5 < 6 and <b>more", "5 < 6 and more"),
        ("<p></p>", ""),
    ],
)
def test_html_becomes_what_a_reader_sees(html: str, text: str) -> None:
    assert text_of_html(html) == text


@given(st.text())
def test_any_text_survives(text: str) -> None:
    assert isinstance(text_of_html(text), str)
