"""Prices are recognised when they are clearly meant, in groceries, clothes, furniture and electronics."""

import pytest
from hypothesis import given

from schemas.limits import PRICE_MAX
from serving.understanding.languages import LANGUAGES, language
from serving.understanding.prices import find_prices, number
from serving.understanding.sizes import find_sizes
from serving.understanding.tokens import tokens_of
from tests.unit.serving.understanding.drawing import queries


def said(text: str, locale: str = "en", known: frozenset[str] = frozenset()) -> list[tuple[float | None, float | None]]:
    words, tokens = language(locale), tokens_of(text)
    sized = frozenset(at for one in find_sizes(tokens, text, words.decimal) for at in range(one.first, one.after))
    return [(price.low, price.high) for price in find_prices(tokens, words, sized, known)]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("lamp under 50", None, 50),
        ("olive oil below 8.50", None, 8.5),
        ("olive oil below 8,50 euro", None, 8.5),
        ("sofa less than $1,299.99", None, 1_299.99),
        ("sofa under 2k dollars", None, 2_000),
        ("dress cheaper than 40 please", None, 40),
        ("rug up to €80", None, 80),
        ("coffee beans max 15 eur", None, 15),
        ("tv <= 400", None, 400),
        ("priced under 30 desk", None, 30),
        ("with a budget of 300 to 500 office chair", 300, 500),
        ("jeans between 20 and 30", 20, 30),
        ("jeans from 20 to 30 euro", 20, 30),
        ("jeans 20-30€", 20, 30),
        ("jeans $30 - $20", 20, 30),
        ("wine over 20 euro", 20, None),
        ("wine > 20", 20, None),
        ("wine at least £20", 20, None),
        ("gift around $50", 40, 60),
        ("no more than 12 euro", None, 12),
        ("sheets under 30 with elastic", None, 30),
        ("backpack for under 25", None, 25),
    ],
)
def test_a_price(text: str, low: float | None, high: float | None) -> None:
    assert said(text) == [(low, high)]


@pytest.mark.parametrize(
    "text",
    [
        "cable under 50 cm",
        "bag under 2 kg",
        "tv under 50 inch",
        "toys for kids under 5",
        "boys jacket age under 8",
        "multivitamin women over 50",
        "under 21 club t-shirt",
        "50 euro gift card",
        "under cabinet light",
        "5 for 3",
        "iphone 8",
        "between 2 and 3 people tent",
        "30 below sleeping bag",
        "under 5% fat milk",
        "tv under 4k",
        "holds up to 50 pounds",
        "from 2 to 4 players",
        "under 0",
        "size 8 to 10",
        "under 1.2.3",
        f"under {PRICE_MAX * 10} euro",
    ],
)
def test_no_price(text: str) -> None:
    assert said(text) == []


def test_pounds_are_money_where_the_catalogue_has_such_prices() -> None:
    assert said("shelf up to 50 pounds", known=frozenset({"EUR", "GBP"})) == [(None, 50)]
    assert said("shelf up to 50 pounds", known=frozenset({"EUR"})) == []


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("de", "Lampe unter 50 Euro"),
        ("de-AT", "Lampe bis 50 €"),
        ("fr", "lampe à moins de 50 euros"),
        ("fr", "lampe jusqu’à 50€"),
        ("es", "lámpara por menos de 50 euros"),
        ("it", "lampada sotto i 50 euro"),
        ("nl", "lamp onder de 50 euro"),
        ("pt", "candeeiro até 50 euros"),
    ],
)
def test_other_languages(locale: str, text: str) -> None:
    assert said(text, locale) == [(None, 50)]


def test_ranges_in_other_languages() -> None:
    assert said("Stuhl zwischen 20 und 1.500 Euro", "de") == [(20, 1_500)]
    assert said("chaise entre 20 et 30", "fr") == [(20, 30)]
    assert said("sedia tra 20 e 30", "it") == [(20, 30)]


@pytest.mark.parametrize(
    ("text", "decimal", "value"),
    [
        ("1,500.50", ".", 1_500.5),
        ("1.500,50", ",", 1_500.5),
        ("1'500", ".", 1_500),
        ("19,99", ".", 19.99),
        ("19.99", ",", 19.99),
        ("1,500", ".", 1_500),
        ("1.500", ",", 1_500),
        ("1.5", ".", 1.5),
        ("1.2.3", ".", None),
        ("1,23,4", ".", None),
        ("9" * 16, ".", None),
    ],
)
def test_numbers(text: str, decimal: str, value: float | None) -> None:
    assert number(text, decimal) == value


@given(queries)
def test_any_text_is_read(text: str) -> None:
    tokens = tokens_of(text)
    for code in LANGUAGES:
        after = 0
        for price in find_prices(tokens, language(code), frozenset(), frozenset({"GBP"})):
            assert after <= price.first < price.after <= len(tokens)
            assert (price.low, price.high) != (None, None)
            assert price.low is None or price.high is None or 0 <= price.low <= price.high <= PRICE_MAX * 1.2
            after = price.after
