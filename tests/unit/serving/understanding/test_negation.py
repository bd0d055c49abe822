"""What is not wanted is recognised, and what only sounds like it is left alone."""

import pytest
from hypothesis import given

from serving.understanding.languages import LANGUAGES, language
from serving.understanding.negation import PHRASE_WORDS_MAX, find_negated
from serving.understanding.tokens import tokens_of
from tests.unit.serving.understanding.drawing import queries


def unwanted(text: str, locale: str = "en") -> list[str]:
    return [one.phrase for one in find_negated(tokens_of(text), language(locale).negation)]


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("laptop without fan", ["fan"]),
        ("laptop without a fan for students", ["fan"]),
        ("phone not refurbished", ["refurbished"]),
        ("cola no sugar", ["sugar"]),
        ("no sugar chocolate", ["sugar"]),
        ("yoghurt without any added sugar", ["sugar"]),
        ("bread without nuts or sesame", ["nuts", "sesame"]),
        ("bread without nuts and without sesame", ["nuts", "sesame"]),
        ("bread without nuts and with seeds", ["nuts"]),
        ("sofa not made of leather", ["leather"]),
        ("shampoo w/o sulfates", ["sulfates"]),
        ("dress all colours except red", ["red"]),
        ("rug but not blue", ["blue"]),
        ("vacuum that doesn't need bags", ["bags"]),
        ("snack that does not contain peanuts", ["peanuts"]),
        ("shoes -leather -black", ["leather", "black"]),
        ('headphones -"noise cancelling"', ["noise cancelling"]),
        ("router -wi-fi", ["wi fi"]),
        ("keyboard without numeric pad", ["numeric pad"]),
        ("tv not samsung, not lg", ["samsung", "lg"]),
        ("curtains not see-through", ["see through"]),
        ("chair not too heavy", [""]),
        ("non-stick pan", ["stick"]),
        ("non alcoholic beer", ["alcoholic"]),
        ("gluten-free bread", ["gluten"]),
        ("sugar free gum", ["sugar"]),
    ],
)
def test_not_wanted(text: str, phrases: list[str]) -> None:
    assert unwanted(text) == phrases


@pytest.mark.parametrize(
    "text",
    [
        "no frost freezer",
        "no-frost freezer",
        "wireless mouse",
        "stainless steel pot",
        "not just for men perfume",
        "not only for kids",
        "hands free kit",
        "free standing shelf",
        "freestanding shelf",
        "free range eggs",
        "no. 30 wheel",
        "no 5 perfume",
        "whatnot shelf",
        "forget me not seeds",
        "t-shirt",
        "usb-c cable",
        "lamp - red",
        "nonfiction books",
        "no show socks",
        "notebook",
        "northern lights",
        "without",
        "not",
        "-",
        "-5",
    ],
)
def test_no_negation(text: str) -> None:
    assert unwanted(text) == []


def test_names_of_things_stay_in_the_text() -> None:
    said = language("en").negation
    assert [one.leaves for one in find_negated(tokens_of("non-stick pan without lid"), said)] == [False, True]


def test_of_many_words_the_first_is_meant() -> None:
    assert unwanted("lamp without one two three") == ["one two three"]
    assert unwanted("lamp without one two three four") == ["one"]
    assert PHRASE_WORDS_MAX == 3


@pytest.mark.parametrize(
    ("locale", "text", "phrases"),
    [
        ("de", "Laptop ohne Lüfter", ["lüfter"]),
        ("de", "Kühlschrank No Frost", []),
        ("de", "Sofa nicht aus Leder", ["leder"]),
        ("fr", "chocolat sans sucre", ["sucre"]),
        ("fr", "souris sans fil", []),
        ("fr", "canapé pas trop grand", [""]),
        ("es", "leche sin lactosa", ["lactosa"]),
        ("it", "divano non di pelle", ["pelle"]),
        ("nl", "bank zonder kussens", ["kussens"]),
        ("pt", "bolacha sem glúten", ["glúten"]),
    ],
)
def test_other_languages(locale: str, text: str, phrases: list[str]) -> None:
    assert unwanted(text, locale) == phrases


@given(queries)
def test_any_text_is_read(text: str) -> None:
    tokens = tokens_of(text)
    for code in LANGUAGES:
        after = 0
        for one in find_negated(tokens, language(code).negation):
            assert after <= one.first < one.after <= len(tokens)
            after = one.after
