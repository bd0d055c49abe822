"""What a shard says of a query's words: which hits hold what was asked for, which words no product has."""

from pathlib import Path

import pytest

from index_snapshots.apply import apply
from index_snapshots.word_feed import WordFeed
from index_snapshots.word_search import ByWords, by_words
from schemas.fallback import FALLBACK_BELOW_MAX, HOLDS_SHARE
from schemas.filters import NO_FILTERS
from schemas.shard_messages import WordsQuery
from tests.unit.index_snapshots.making import FACETS, content, document, logged, shard

SOON_S = 30.0
TITLES = {"a": "Red desk lamp", "b": "Red lamp", "x-9000": "Chair", "d": "Desk"}


@pytest.fixture
def asked(tmp_path: Path):  # type: ignore[no-untyped-def]
    one = shard()
    feed = WordFeed(tmp_path, one.view, FACETS)
    one.feed(feed)
    records = [document(sku, number, of=content(title)) for number, (sku, title) in enumerate(TITLES.items())]
    apply(logged("documents", records), one)
    assert feed.wait(one.view.offsets.documents, SOON_S)

    def ask(text: str, looked_at: int = FALLBACK_BELOW_MAX) -> ByWords:
        return by_words(feed.now, one.view, feed.now.understand(text), 100, NO_FILTERS, looked_at=looked_at)

    yield ask
    feed.close()


def test_a_hit_holds_what_was_asked_for_with_half_of_the_words_by_their_rarity(asked) -> None:  # type: ignore[no-untyped-def]
    assert (asked("red lamp").holding, asked("red lamp", 1).holding) == (2, 1)
    zephyr = asked("zephyr lamp")  # what no product has is rarer than what two of four have
    assert zephyr.cover < HOLDS_SHARE and zephyr.holding == 0 and set(zephyr.skus) == {"a", "b"}
    assert asked("zephyr").holding == 0


def test_a_code_counts_whatever_else_is_asked(asked) -> None:  # type: ignore[no-untyped-def]
    found = asked("zephyr quux x9000")
    assert (found.codes, found.skus[0], found.holding) == (("x9000",), "x-9000", 1)


def test_words_are_told_with_their_rarity(asked) -> None:  # type: ignore[no-untyped-def]
    found = asked("the zephyr LAMP red des")
    assert list(found.rarities) == ["zephyr", "lamp", "red", "des"] and found.unknown == ("zephyr",)
    assert found.rarities["zephyr"] > found.rarities["lamp"]
    assert asked("the").rarities == {}


def test_as_many_are_looked_at_as_can_be_too_few() -> None:
    WordsQuery(partition=0, text="a", limit=1, budget_ms=1, looked_at=FALLBACK_BELOW_MAX)
    with pytest.raises(ValueError, match="less than or equal"):
        WordsQuery(partition=0, text="a", limit=1, budget_ms=1, looked_at=FALLBACK_BELOW_MAX + 1)
