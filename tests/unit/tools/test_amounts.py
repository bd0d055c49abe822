"""Numbers and prices as people write them, and those that could be read in two ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freshet.imports.amounts import WHOLE_MAX, Mark, parse_money, parse_number
from freshet.imports.column_profile import Profile


@pytest.mark.parametrize(
    ("text", "mark", "number"),
    [
        ("19,99", "auto", 19.99),
        ("19.99", "auto", 19.99),
        ("1.234,56", "auto", 1234.56),
        ("1,234.56", "auto", 1234.56),
        ("1'299.00", "auto", 1299.0),
        ("1 299,50", "auto", 1299.5),
        ("1\u202f299,50", "auto", 1299.5),
        ("1.234.567", "auto", 1234567.0),
        ("12,34,567.5", ".", 1234567.5),
        ("1,234", ".", 1234.0),
        ("1,234", ",", 1.234),
        ("1.234", ",", 1234.0),
        ("0,125", "auto", 0.125),
        ("1234,567", "auto", 1234.567),
        (".5", "auto", 0.5),
        ("-3", "auto", -3.0),
        ("−3,5", "auto", -3.5),
        ("+7", "auto", 7.0),
        ("  42 ", "auto", 42.0),
    ],
)
def test_numbers(text: str, mark: Mark, number: float) -> None:
    assert parse_number(text, mark) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1700000000000000001", 1700000000000000001),
        ("-1.700.000.000.000.000.001", -1700000000000000001),
        (str(WHOLE_MAX), WHOLE_MAX),
        ("00" + str(WHOLE_MAX), WHOLE_MAX),
        (str(WHOLE_MAX + 1), float(WHOLE_MAX + 1)),
        ("9" * 5000, float("inf")),
        ("42.0", 42.0),
    ],
)
def test_a_number_without_decimals_keeps_every_digit(text: str, number: float) -> None:
    found = parse_number(text)
    assert found == number and type(found) is type(number)


def test_whole_numbers_in_texts_are_whole_in_a_profile() -> None:
    profile = Profile("stock")
    for text in ("42", "42.0", "1700000000000000001", "0.5"):
        profile.add(text)
    assert (profile.point_numbers, profile.whole) == (4, 3)


@pytest.mark.parametrize("text", ["1,234", "1.299", "12,345"])
def test_what_could_be_read_in_two_ways_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(ValueError, match=r"two ways; say number = "):
        parse_number(text)


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("", "auto"),
        ("-", "auto"),
        ("cheap", "auto"),
        ("1e5", "auto"),
        ("12.5.1,3", "auto"),
        ("1,2", "."),
        ("1,2345", "."),
        ("nan", "auto"),
        ("١٢", "auto"),
        ("1--2", "auto"),
        ("0x10", "."),
    ],
)
def test_what_is_no_number(text: str, mark: Mark) -> None:
    with pytest.raises(ValueError, match=r"number|ways"):
        parse_number(text, mark)


@pytest.mark.parametrize(
    ("text", "currency", "amount", "code"),
    [
        ("EUR 19,99", "", 19.99, "EUR"),
        ("19.99 EUR", "", 19.99, "EUR"),
        ("19.99eur", "", 19.99, "EUR"),
        ("$1,299.00", "", 1299.0, "USD"),
        ("$1,299.00", "CAD", 1299.0, "CAD"),
        ("US$5", "CAD", 5.0, "USD"),
        ("1.299,00 €", "", 1299.0, "EUR"),
        ("€5", "USD", 5.0, "EUR"),
        ("CHF 1'299.–", "", 1299.0, "CHF"),
        ("19,- €", "", 19.0, "EUR"),
        ("249 kr", "SEK", 249.0, "SEK"),
        ("£0.99", "", 0.99, "GBP"),
        ("99 zł", "", 99.0, "PLN"),
        ("12", "EUR", 12.0, "EUR"),
        ("-5 EUR", "", -5.0, "EUR"),
    ],
)
def test_prices(text: str, currency: str, amount: float, code: str) -> None:
    assert parse_money(text, "auto", currency) == (amount, code)


@pytest.mark.parametrize(
    ("text", "says"), [("12", "which currency"), ("249 kr", "which currency"), ("5 pcs", "number|which")]
)
def test_a_price_without_currency_is_refused(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_money(text)


CENTS = st.integers(-(10**11), 10**11)
STYLES = st.sampled_from([(".", ","), (",", "."), (",", " "), (".", "'"), (",", "\u202f"), (".", "")])


@given(CENTS, STYLES)
def test_every_style_of_number_is_read_back(cents: int, style: tuple[Mark, str]) -> None:
    mark, thousands = style
    text = f"{cents / 100:,.2f}".replace(",", "T").replace(".", mark).replace("T", thousands)
    assert parse_number(text, mark) == cents / 100
    assert parse_number(text) == cents / 100


@given(st.integers(0, 10**9), STYLES, st.sampled_from(["{} EUR", "EUR {}", "{}€", "€ {}"]))
def test_every_style_of_price_is_read_back(cents: int, style: tuple[Mark, str], form: str) -> None:
    mark, thousands = style
    text = f"{cents / 100:,.2f}".replace(",", "T").replace(".", mark).replace("T", thousands)
    assert parse_money(form.format(text)) == (cents / 100, "EUR")


MARKS: tuple[Mark, Mark] = (".", ",")


@given(st.text(st.sampled_from("0123456789.,' -+€"), max_size=12))
def test_a_number_is_read_the_same_with_its_mark_said(text: str) -> None:
    """What `auto` reads is what one of the marks reads: it never finds a third way."""
    number = _parsed(text, "auto")
    assert number is None or number in [_parsed(text, mark) for mark in MARKS]


def _parsed(text: str, mark: Mark) -> float | None:
    try:
        return parse_number(text, mark)
    except ValueError:
        return None
