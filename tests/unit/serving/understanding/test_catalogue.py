"""What the catalogue calls its things is recognised in a query, whole words only, and lets products come earlier."""

import pytest
from hypothesis import given

from schemas.catalogue_values import WANTED_MAX, CatalogueValues, Named, NamedPath
from schemas.filters import Filters
from serving.understanding.catalogue import VALUE_WORDS_MAX, find_values, learned, singular, words_of
from serving.understanding.languages import language
from serving.understanding.tokens import tokens_of
from serving.understanding.understand import ALL, understand
from tests.unit.serving.understanding.drawing import queries

EN = language("en")
KINDS = frozenset({"brands", "categories", "attributes"})
ANSWER = CatalogueValues(
    brands=[Named(value="Sony", products=9), Named(value="Bang & Olufsen", products=2), Named(value="Red", products=1)],
    categories=[
        NamedPath(path=["Audio"], products=8),
        NamedPath(path=["Audio", "Headphones"], products=5),
        NamedPath(path=["Toys", "Headphones"], products=1),
    ],
    attributes={"colour": [Named(value="Red", products=4)], "type": [Named(value="Noise-cancelling", products=3)]},
)
SHOP = learned([ANSWER])


def found(text: str, kinds: frozenset[str] = KINDS) -> list[tuple[str, Filters]]:
    tokens = tokens_of(text)
    return [
        (text[tokens[one.first].start : tokens[one.after - 1].end], one.filters)
        for one in find_values(tokens, SHOP, kinds)
    ]


def test_brands_categories_and_attributes_in_one_query() -> None:
    headphones = [Filters(category=[[root, "Headphones"]]) for root in ("Audio", "Toys")]
    assert found("SONY noise cancelling headphone") == [
        ("SONY", Filters(brand=["Sony"])),
        ("noise cancelling", Filters(attributes={"type": ["Noise-cancelling"]})),
        ("headphone", Filters(any=headphones)),
    ]
    for text in ("bang & olufsen", "Bang Olufsen"):
        assert found(f"{text} speaker") == [(text, Filters(brand=["Bang & Olufsen"]))]


@pytest.mark.parametrize("text", ["sonya", "bang", "", "cancelling noise", "?!"])
def test_parts_of_values_and_other_words_mean_nothing(text: str) -> None:
    assert found(text) == []


def test_of_one_place_a_brand_is_meant_first_and_each_kind_can_be_switched_off() -> None:
    assert found("red lamp") == [("red", Filters(brand=["Red"]))]
    assert found("red lamp", KINDS - {"brands"}) == [("red", Filters(attributes={"colour": ["Red"]}))]
    assert found("red lamp", frozenset({"categories"})) == []


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("USB-C", ("usb", "c")),
        ("Headphones", ("headphone",)),
        ("glass", ("glass",)),
        ("UPS", ("ups",)),
        ("42", ()),
        ("1 x", ()),
        ("a b", ()),
        (" ".join(["word"] * VALUE_WORDS_MAX), ("word",) * VALUE_WORDS_MAX),
        (" ".join(["word"] * (VALUE_WORDS_MAX + 1)), ()),
    ],
)
def test_what_a_value_is_found_by(value: str, words: tuple[str, ...]) -> None:
    assert words_of(value) == words and singular("buses") == singular("buse")


def test_so_many_values_of_one_query_count() -> None:
    many = CatalogueValues(brands=[Named(value=f"maker{chr(97 + at)}", products=1) for at in range(WANTED_MAX + 1)])
    text = " ".join(one.value for one in many.brands)
    assert len(find_values(tokens_of(text), learned([many]), KINDS)) == WANTED_MAX


def test_partitions_are_counted_together() -> None:
    other = CatalogueValues(categories=[NamedPath(path=["Toys", "Headphones"], products=9)])
    values = learned([ANSWER, other]).by_words["headphone",]
    assert [(value.name, value.products) for value in values] == [("Toys > Headphones", 10), ("Audio > Headphones", 5)]


def test_it_is_told_as_a_note_and_the_text_stays() -> None:
    read = understand("sony headphones without noise cancelling under 50 €", EN, vocabulary=SHOP)
    assert read.meaning == "sony headphones" and read.wishes.unwanted == ["noise cancelling"]
    assert [(note.step, note.text, note.means) for note in read.notes if note.step != "prices"] == [
        ("brands", "sony", "brand Sony comes earlier"),
        ("categories", "headphones", "category Audio > Headphones, or 1 more of that name, come earlier"),
        ("negation", "without noise cancelling", "not noise cancelling"),
    ]
    assert len(read.wanted) == 2
    assert understand("sony", EN, ALL - KINDS, vocabulary=SHOP).wanted == () == understand("sony", EN).wanted


@given(queries)
def test_any_text_can_be_looked_through(text: str) -> None:
    read = understand(text, EN, vocabulary=SHOP)
    assert len(read.wanted) <= WANTED_MAX and all(not filters.empty for filters in read.wanted)
