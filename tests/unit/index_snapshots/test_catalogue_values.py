"""The vocabulary of a view is what its shown products have, counted; and traits are what they are ranked by."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from index_snapshots.apply import apply
from index_snapshots.catalogue_values import catalogue_values
from index_snapshots.traits import traits
from schemas.filters import Filters
from schemas.ranking import Traits
from schemas.records import Order
from tests.unit.index_snapshots.making import content, document, logged, no_offer, offer, shard

BRANDS = st.sampled_from([None, "Lumen", "Volt"])
PATHS = st.sampled_from([None, ["Home"], ["Home", "Light"], ["Toys", "Light"]])
COLOURS = st.sampled_from([None, "red", ["red", "blue"], True, " "])


@given(st.lists(st.tuples(BRANDS, PATHS, COLOURS, st.booleans()), max_size=12))
def test_it_counts_what_is_shown(drawn: list[tuple[str | None, list[str] | None, object, bool]]) -> None:
    one = shard()
    contents = [content("Lamp", brand, path, {"colour": colour}) for brand, path, colour, _ in drawn]
    documents = [document(str(at), at + 1, of=of) for at, of in enumerate(contents)]
    gone = [no_offer(str(at), 100 + at) for at, (*_, deleted) in enumerate(drawn) if deleted]
    apply([*logged("documents", documents), *logged("offers", gone)], one)
    shown = [(brand, path, colour) for brand, path, colour, deleted in drawn if not deleted]
    told = catalogue_values(one.view)
    brands = Counter(brand for brand, _, _ in shown if brand)
    below = Counter(tuple(path[:depth]) for _, path, _ in shown if path for depth in range(1, len(path) + 1))
    worn = [each for _, _, colour in shown for each in (colour if isinstance(colour, list) else [colour])]
    colours = Counter(each for each in worn if each in ("red", "blue"))
    assert {each.value: each.products for each in told.brands} == brands
    assert {tuple(each.path): each.products for each in told.categories} == below
    assert {each.value: each.products for each in told.attributes["colour"]} == colours
    for listed in (told.brands, told.attributes["colour"]):
        keys = [(-each.products, each.value) for each in listed]
        assert keys == sorted(keys)
    assert "watts" not in told.attributes


def test_only_the_most_frequent_values_are_told() -> None:
    one = shard()
    brands = ["A", "B", "B", "C", "C", "C"]
    apply(
        logged("documents", [document(str(at), at + 1, of=content(brand=each)) for at, each in enumerate(brands)]), one
    )
    assert [each.value for each in catalogue_values(one.view, 2).brands] == ["C", "B"]


def test_traits_of_products_with_and_without_an_offer() -> None:
    one = shard()
    lamp = content("Lamp", "Lumen", ["Home", "Light"], {"colour": "red"})
    documents = [document("lamp", 1, of=lamp), document("bare", 2), document("free", 3, of=content(brand="Lumen"))]
    offers = [offer("lamp", 4, since=1, price=9.5, stock=0), offer("free", 5, since=3, price=None)]
    apply([*logged("documents", documents), *logged("offers", offers)], one)
    view = one.view
    wanted = [Filters(brand=["Lumen"]), Filters(attributes={"colour": ["red"]}), Filters(attributes={"size": ["L"]})]
    told = Traits.model_validate(traits(view, [view.words.slot_of[sku] for sku in ("lamp", "bare", "free")], wanted))
    assert told.skus == ["lamp", "bare", "free"] and told.in_stock == [False, False, True]
    assert (told.prices, told.currencies) == ([9.5, None, None], ["EUR", None, None])
    assert told.live_since == [Order(1, 1), None, Order(1, 3)]
    assert (told.categories, told.paths) == ([0, None, None], [["Home", "Light"]])
    assert told.wanted == [2, 0, 1]  # an attribute that is not declared is passed by nothing, and is no error
