"""What a shard suggests: only of products that are shown, as fresh as it says, with one slip."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from index_snapshots.apply import apply
from index_snapshots.shard_names import COUNT_EVERY_S, NAMES_MAX, ShardNames, nodes
from index_snapshots.suggesting import suggested
from index_snapshots.word_feed import WordFeed
from index_snapshots.writer import ShardWriter
from schemas.filters import NO_FILTERS, Filters
from schemas.suggest import SUGGEST_KINDS, ShardSuggestions
from tests.unit.index_snapshots.making import FACETS, content, document, logged, no_document, shard
from tests.unit.serving.fakes import Clock, state

SOON_S = 30.0
Suggest = Callable[..., ShardSuggestions]


@pytest.fixture
def one() -> ShardWriter:
    return shard()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def suggest(one: ShardWriter, clock: Clock, tmp_path: Path) -> Iterator[Suggest]:
    feed, names = WordFeed(tmp_path, one.view, FACETS), ShardNames(clock)
    one.feed(feed)
    products = {
        "a": content("Wireless mouse", brand="Logi", category=["Computers", "Mice"]),
        "b": content("Wireless mouse", brand="Logi", category=["Computers", "Mice"]),
        "c": content("Keyboard with lamp", brand="Lumen", category=["Computers", "Keyboards"]),
        "d": content("Desk lamp", brand="Lumen", category=["Home", "Lamps"]),
    }
    records = [document(sku, number, of=of) for number, (sku, of) in enumerate(products.items())]
    apply(logged("documents", records), one)

    def ask(
        text: str, limit: int = 5, words: bool = True, kinds: Any = SUGGEST_KINDS, filters: Filters = NO_FILTERS
    ) -> ShardSuggestions:
        assert feed.wait(one.view.offsets.documents, SOON_S)
        found = suggested(names, one.view, feed.now if words else None, text, limit, kinds, filters)
        return ShardSuggestions.model_validate({**found, "state": state()}, strict=False)

    yield ask
    feed.close()


def test_products_brands_and_categories(suggest: Suggest) -> None:
    found = suggest("l")
    assert [(one.name, one.products) for one in found.brands] == [(["Logi"], 2), (["Lumen"], 2)]
    assert [(one.name, one.products) for one in found.categories] == [(["Home", "Lamps"], 1)]
    assert [one.title for one in suggest("wirel").products] == ["Wireless mouse"]  # each title once
    assert [one.title for one in suggest("wireless mo", limit=1).products] == ["Wireless mouse"]
    assert [(one.name, one.products) for one in suggest("computers").categories] == [(["Computers"], 3)]
    assert suggest("w").products == [] and suggest("", words=True).brands == []


def test_behind_filters_only_what_passes_is_suggested_and_counted(suggest: Suggest) -> None:
    lumen, keyboards = Filters(brand=["Lumen"]), Filters(category=[["Computers", "Keyboards"]])
    found = suggest("l", filters=lumen)
    assert [(one.name, one.products) for one in found.brands] == [(["Lumen"], 2)]
    assert [(one.name, one.products) for one in suggest("computers", filters=lumen).categories] == [(["Computers"], 1)]
    assert suggest("wirel", filters=lumen).products == [] == suggest("wierl", filters=lumen).products
    assert [one.sku for one in suggest("lamp", filters=keyboards).products] == ["c"]
    assert suggest("home", filters=keyboards).categories == []
    assert len(suggest("wirel").products) == 1 and suggest("home").categories  # and without filters they are there


def test_one_slip(suggest: Suggest) -> None:
    assert [one.title for one in suggest("wierless mosue").products] == ["Wireless mouse"]
    assert [one.title for one in suggest("keybaord").products] == ["Keyboard with lamp"]
    assert [one.name for one in suggest("lumwn").brands] == [["Lumen"]]


def test_what_is_not_shown_is_not_suggested(suggest: Suggest, one: ShardWriter, clock: Clock) -> None:
    assert suggest("lumen").brands[0].products == 2
    apply(logged("documents", [no_document("d", 9), no_document("a", 10), no_document("b", 11)], 4), one)
    assert suggest("lumen").brands[0].products == 2  # counted anew once a second at most
    clock.now_s += COUNT_EVERY_S
    assert suggest("lumen").brands[0].products == 1
    assert suggest("logi").brands == [] and suggest("lamps").categories == []
    apply(logged("documents", [document("e", 12, of=content("Rug", brand="Loom", category=["Home"]))], 7), one)
    clock.now_s += COUNT_EVERY_S
    assert [one.name for one in suggest("loo").brands] == [["Loom"]]


def test_while_words_are_away_the_names_are_there(suggest: Suggest) -> None:
    found = suggest("lum", words=False)
    assert found.products == [] and [one.name for one in found.brands] == [["Lumen"]]
    only = suggest("lum", kinds=["categories"])
    assert not only.products and not only.brands


def test_so_many_names_are_read() -> None:
    paths = [("top", str(number)) for number in range(NAMES_MAX)]
    assert nodes(paths[:2]) == [("top",), ("top", "0"), ("top", "1")]
    assert len(nodes(paths)[:NAMES_MAX]) == NAMES_MAX < len(nodes(paths))
