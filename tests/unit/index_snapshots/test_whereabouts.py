"""Of one product a shard tells whether it is live, which conditions it meets, and its place in each list."""

from pathlib import Path

import pytest

from index_snapshots.apply import apply
from index_snapshots.compounds import Others
from index_snapshots.whereabouts import by_meaning, conditions, in_words, live, met
from index_snapshots.word_feed import WordFeed
from schemas.filters import Filters
from tests.unit.index_snapshots.making import FACETS, content, document, logged, no_offer, offer, shard, unit

RED_CHEAP = Filters.model_validate(
    {
        "brand": ["Lumen"],
        "category": [["Home"]],
        "price_max": 5.0,
        "currency": "EUR",
        "in_stock": True,
        "attributes": {"colour": ["red"], "watts": {"min": 5.0}},
        "any": [{"brand": ["Lumen"]}, {"in_stock": False}],
        "not": {"in_stock": True},
    }
)


def test_each_condition_by_itself() -> None:
    names = [name for name, _ in conditions(RED_CHEAP)]
    assert names == ["attributes.colour", "attributes.watts", "price", "brand", "in_stock", "category", "any", "not"]
    assert list(conditions(Filters())) == []
    one = shard()
    lamp = content("Lamp", "Lumen", ["Home", "Light"], {"colour": "red", "watts": 4})
    apply([*logged("documents", [document("a", 1, of=lamp)]), *logged("offers", [offer("a", 2, price=9.0)])], one)
    told = met(one.view, "a", RED_CHEAP)
    assert [name for name, holds in told.items() if not holds] == ["attributes.watts", "price", "not"]


def test_live_or_why_not() -> None:
    one = shard()
    apply(
        [
            *logged("documents", [document("a", 1), document("b", 2)]),
            *logged("offers", [no_offer("b", 3), offer("c", 4)]),
        ],
        one,
    )
    assert [live(one.view, sku) for sku in "abcd"] == ["shown", "deleted", "waiting for its document", "unknown"]


def test_places_by_meaning_and_by_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = shard()
    feed = WordFeed(tmp_path, one.view, FACETS)
    one.feed(feed)
    titles = ["red lamp", "lamp", "chair"]
    apply(
        logged("documents", [document(title, at, seed=at, of=content(title)) for at, title in enumerate(titles, 1)]),
        one,
    )
    assert feed.wait(3, 30)
    view = one.view
    near = by_meaning(view, "lamp", unit(2), Filters())
    assert near.rank == 1 and near.score == pytest.approx(1.0, abs=2e-3)
    monkeypatch.setattr("index_snapshots.whereabouts.SEARCH_DEPTH_MAX", 1)
    places = [by_meaning(view, title, unit(2), Filters()) for title in titles]
    assert [place.rank for place in places] == [None, 1, None] and all(place.score is not None for place in places)
    wanted = feed.now.understand("red lamp")
    words = [in_words(view, feed.now, title, wanted, Filters()) for title in titles]
    assert [place.rank for place in words] == [1, None, None]
    assert [place.score is None for place in words] == [False, False, True]  # a chair holds none of the words
    seat = feed.now.understand(
        "seat", others=[Others(("seat",), ("chair",))]
    )  # as the search has it, with its synonyms
    ranks = {title: in_words(view, feed.now, title, seat, Filters()).rank for title in titles}
    assert ranks == {"red lamp": None, "lamp": None, "chair": 1}
    feed.close()
