"""A query is taken apart: its text, a price, sizes, and what is not wanted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.filters import NO_FILTERS, Filters
from schemas.search import UnderstandStep
from schemas.wishes import NO_WISHES, UNWANTED_MAX
from serving.understanding.languages import LANGUAGES, language
from serving.understanding.price_filter import narrowed
from serving.understanding.understand import ALL, PASSES_MAX, TOKENS_MAX, understand
from tests.unit.serving.understanding.drawing import queries

EN = language("en")


def test_all_at_once() -> None:
    found = understand("  15 inch  laptop without fan under 500 € for students ", EN)
    assert found.asked == "15 inch laptop without fan under 500 € for students"
    assert found.meaning == "15 inch laptop for students"
    assert found.price == Filters(price_max=500)
    assert found.wishes.unwanted == ["fan"] and "without" in found.wishes.before and "free" in found.wishes.after
    assert [(note.step, note.text, note.means) for note in found.notes] == [
        ("units", "15 inch", found.notes[0].means),
        ("negation", "without fan", "not fan"),
        ("prices", "under 500 €", "price at most 500"),
    ]
    assert found.notes[0].means.startswith("15 inch, 381 mm, 38 cm, 38.1 cm")


def test_a_plain_query_stays_as_it_is() -> None:
    found = understand(" red \n lamp ", EN)
    assert (found.meaning, found.price, found.wishes, found.notes) == ("red lamp", NO_FILTERS, NO_WISHES, ())


@pytest.mark.parametrize(("step", "left"), [("prices", "mug no lid 350 ml"), ("negation", "mug under 9 € 350 ml")])
def test_each_step_alone(step: UnderstandStep, left: str) -> None:
    found = understand("mug no lid under 9 € 350 ml", EN, frozenset({step}))
    assert (found.meaning, {note.step for note in found.notes}) == (left, {step})


def test_sizes_stay_in_the_text() -> None:
    found = understand("mug 350 ml", EN, frozenset({"units"}))
    assert found.meaning == "mug 350 ml" and [size.text for size in found.wishes.sizes] == ["350 ml"]
    assert understand("mug 350 ml", EN, ALL - {"units"}).notes == ()


def test_where_nothing_would_be_left_the_words_stay() -> None:
    assert understand("without sugar", EN).meaning == "without sugar"
    assert understand("without sugar", EN).wishes.unwanted == ["sugar"]
    assert understand("without sugar under 5 euro", EN).meaning == "without sugar"
    assert understand("under 5 euro", EN).meaning == ""


def test_the_currency_counts_where_there_are_several() -> None:
    def asked(text: str, *known: str) -> Filters:
        return understand(text, EN, currencies=frozenset(known)).price

    assert asked("lamp under 50 euro") == asked("lamp under 50 euro", "EUR") == Filters(price_max=50)
    assert asked("lamp under 50 euro", "EUR", "USD") == Filters(price_max=50, currency="EUR")
    assert asked("lamp under 50", "EUR", "USD") == Filters(price_max=50)
    assert asked("lamp under $50", "EUR") == NO_FILTERS
    assert understand("lamp under $50", EN, currencies=frozenset({"EUR"})).notes[0].means.startswith("no filter")


def test_prices_that_contradict_each_other_filter_nothing() -> None:
    assert understand("lamp over 50 euro under 20 euro", EN).price == NO_FILTERS
    assert understand("lamp over 20 euro under 50 euro", EN).price == Filters(price_min=20, price_max=50)


def test_the_requests_own_filters_count() -> None:
    price = Filters(price_max=50)
    assert narrowed(Filters(brand=["b"]), price) == Filters(brand=["b"], price_max=50)
    assert narrowed(Filters(price_min=20, price_max=80), price) == Filters(price_min=20, price_max=50)
    assert narrowed(Filters(price_min=60), price) == Filters(price_min=60)
    assert narrowed(Filters(currency="USD"), Filters(price_max=5, currency="EUR")).currency == "USD"


def test_limits_at_n_and_beyond() -> None:
    many = "shoes " + " ".join(f"-a{number}" for number in range(UNWANTED_MAX + 1))
    assert len(understand(many, EN).wishes.unwanted) == UNWANTED_MAX
    words = " ".join(["lamp"] * (TOKENS_MAX - 2))
    assert understand(f"{words} under 50", EN).price == Filters(price_max=50)
    assert understand(f"{words} lamp under 50", EN).price == NO_FILTERS


def test_the_text_is_read_again_so_often() -> None:
    def nested(depth: int) -> str:
        return "under " * depth + " ".join(["50 euro"] * depth)

    assert understand("lamp " + nested(PASSES_MAX), EN).meaning == "lamp"
    assert understand("lamp " + nested(PASSES_MAX + 1), EN).meaning == "lamp under 50 euro"


@given(queries, st.sampled_from(LANGUAGES), st.frozensets(st.sampled_from(sorted(ALL))))
def test_any_text_is_understood(text: str, locale: str, steps: frozenset[UnderstandStep]) -> None:
    found = understand(text, language(locale), steps)
    assert found.asked == " ".join(text.split())
    for note in found.notes:
        assert found.asked[note.start : note.end] == note.text and note.step in steps
    assert found.meaning == " ".join(found.meaning.split())
    for word in found.meaning.split():
        assert word in found.asked


@given(queries)
def test_what_is_left_says_nothing_more(text: str) -> None:
    found = understand(text, EN)
    again = understand(found.meaning, EN)
    assert again.meaning == found.meaning
