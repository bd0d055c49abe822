"""The demo's catalogue: the same bytes everywhere, valid events, plausible products, nobody else's brands."""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from statistics import mean
from urllib.parse import unquote
from xml.etree import ElementTree

import orjson
import pytest

from freshet.demo.catalogue import ADDED_FAMILY, FAMILIES_MAX, PRODUCTS, SKU_PREFIX, VARIANTS_MAX, assortment
from freshet.demo.dice import Dice
from freshet.demo.drawing import picture, svg
from freshet.demo.pricing import SALE_PERCENTS, sale_price, whole_price
from freshet.demo.words import Kind, brands, categories, colours, drawings, materials, queries
from schemas.events import Upsert, check_event
from schemas.limits import URL_CHARS_MAX

WHOLE = "acc7c7286deb70c43d8be2634f6834b0d41abef311c6d31900dc80d90b777731"
"""Of all products. A change of the words is another catalogue: shops with the old one need `freshet demo --reset`."""
FIRST = assortment().first
EVERY = [*FIRST.values(), *assortment().addable.values()]
KINDS: Mapping[str, Kind] = {kind.name: kind for category in categories() for kind in category.kinds}


def test_every_machine_makes_the_same_bytes() -> None:
    assert hashlib.sha256(orjson.dumps(EVERY)).hexdigest() == WHOLE


def test_dice_are_the_same_everywhere() -> None:
    dice = Dice("kettle", 1)
    assert [dice.below(100) for _ in range(8)] == [29, 46, 42, 27, 12, 96, 2, 74]
    assert dice.some("abcdef", 6) == list("abcdef")
    assert len(dice.some("abcdef", 2)) == 2


def test_numbers() -> None:
    assert len(FIRST) == PRODUCTS == 2_000
    assert len(assortment().addable) == len(categories()) * (FAMILIES_MAX - ADDED_FAMILY)
    assert not FIRST.keys() & assortment().addable.keys()
    by_category = Counter(tuple(product["category"]) for product in FIRST.values())
    assert len(by_category) == 30
    assert set(by_category.values()) == {66, 67}
    assert len({department for department, _ in by_category}) == 11


def test_any_part_is_varied() -> None:
    """What is loaded first fills the page with different things."""
    assert len({product["category"][1] for product in list(FIRST.values())[:30]}) == 30


def test_the_shop_takes_all_and_each_carries_the_prefix() -> None:
    for product in EVERY:
        event, unknown = check_event(dict(product))
        assert isinstance(event, Upsert)
        assert unknown == 0
        assert product["sku"].startswith(SKU_PREFIX)


def test_titles_are_unique() -> None:
    assert [title for title, times in Counter(one["title"] for one in EVERY).items() if times > 1] == []


def test_no_word_stands_twice_in_a_row() -> None:
    twice = re.compile(r"\b([a-z]+) \1\b", re.IGNORECASE)
    assert [one["title"] for one in EVERY if twice.search(one["title"]) or twice.search(one["description"])] == []


def test_texts_are_whole_sentences() -> None:
    for product in EVERY:
        sentences = re.findall(r"[^.?!]+[.?!]", product["description"])
        assert "".join(sentences) == product["description"]
        assert 2 <= len(sentences) <= 6, product["description"]
        assert all(sentence.strip()[0].isupper() or sentence.strip()[0].isdigit() for sentence in sentences)
        assert "  " not in product["description"] + product["title"]


def test_variants_share_a_group_and_nothing_that_tells_them_apart() -> None:
    groups: dict[str, list[Mapping[str, object]]] = {}
    for product in FIRST.values():
        groups.setdefault(product["attributes"]["group"], []).append(product)
    assert max(map(len, groups.values())) <= VARIANTS_MAX
    assert mean(map(len, groups.values())) > 2
    for variants in groups.values():
        assert len({(one["brand"], one["description"]) for one in variants}) == 1
        assert len({one["title"] for one in variants}) == len(variants)


def test_prices_are_plausible() -> None:
    for product in EVERY:
        low, high = KINDS[product["attributes"]["kind"]].price
        assert low * 0.9 <= product["price"]["amount"] <= high * 1.01, product["title"]
        assert product["price"]["currency"] == "EUR"


def test_a_larger_size_is_never_cheaper() -> None:
    prices: dict[tuple[str, str], dict[int, float]] = {}
    for product in FIRST.values():
        kind, attributes = KINDS[product["attributes"]["kind"]], product["attributes"]
        if kind.sizes:
            place = kind.sizes.index(attributes[kind.size_is])
            of_colour = prices.setdefault((attributes["group"], attributes.get("colour", "")), {})
            of_colour[place] = product["price"]["amount"]
    for by_size in prices.values():
        ordered = [by_size[place] for place in sorted(by_size)]
        assert ordered == sorted(ordered)


def test_few_are_sold_out() -> None:
    sold_out = [product for product in FIRST.values() if product["stock"] == 0]
    assert 40 <= len(sold_out) <= 140
    assert all((one["availability"] == "in_stock") == (one["stock"] > 0) for one in FIRST.values())


def test_the_words_agree_with_each_other() -> None:
    for category in categories():
        for kind in category.kinds:
            assert kind.shape in drawings(), kind.name
            assert set(kind.materials) <= materials().keys(), kind.name
    for material in materials().values():
        assert set(material.colours) <= colours().keys()
    for query in queries():
        assert set(query.finds) <= KINDS.keys(), query.text


def test_brands_are_few_and_all_used() -> None:
    assert {product["brand"] for product in FIRST.values()} == set(brands())
    assert len(brands()) <= 50


@pytest.mark.parametrize("shape", drawings())
def test_pictures_fit_and_are_well_formed(shape: str) -> None:
    for finish in ("gloss", "wood", "cloth"):
        for colour in ("black", "white", "sunflower yellow"):
            uri = picture(shape, colour, finish)
            assert len(uri) <= URL_CHARS_MAX
            assert re.fullmatch(r"data:image/svg\+xml,[A-Za-z0-9%/:=,;.'()_~-]+", uri)
            ElementTree.fromstring(unquote(uri.partition(",")[2]))


def test_pictures_differ_by_colour_and_material_and_load_nothing() -> None:
    assert svg("mug", "sage", "gloss") != svg("mug", "oat", "gloss") != svg("mug", "oat", "matt")
    assert not re.search(
        r"href|<image|<script|<style|url\((?!#m\))", "".join(svg(s, "sage", "gloss") for s in drawings())
    )


@pytest.mark.parametrize(
    ("cents", "price"),
    [(1, 95), (495, 495), (994, 895), (999, 995), (1_000, 990), (2_495, 2_490), (9_999, 9_990), (12_999, 12_900)],
)
def test_endings(cents: int, price: int) -> None:
    assert whole_price(cents) == price


def test_sales_are_lower_than_the_price() -> None:
    for product in FIRST.values():
        cents = round(product["price"]["amount"] * 100)
        assert all(sale_price(cents, percent) < cents for percent in SALE_PERCENTS), product["title"]
