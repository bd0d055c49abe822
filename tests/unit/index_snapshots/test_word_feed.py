"""The words of a shard follow its writer, and never show what its view does not."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import index_snapshots.word_feed as word_feed
from index_snapshots.apply import apply
from index_snapshots.protocol import ShardRecord
from index_snapshots.word_feed import WordFeed
from index_snapshots.word_index import Committed, WordIndex
from index_snapshots.word_search import by_words
from index_snapshots.writer import ShardWriter
from schemas.errors import Unavailable
from schemas.filters import NO_FILTERS, Filters
from schemas.records import Content
from tests.unit.index_snapshots.drawing import interleaved, logs
from tests.unit.index_snapshots.making import (
    FACETS,
    Truth,
    content,
    document,
    logged,
    no_document,
    no_offer,
    passes,
    shard,
)

SOON_S = 30.0
COMMITS = 4
"""So many a product is watched for."""


@contextmanager
def fed(folder: Path, one: ShardWriter | None = None) -> Iterator[tuple[ShardWriter, WordFeed]]:
    one = one or shard()
    feed = WordFeed(folder, one.view, FACETS)
    one.feed(feed)
    try:
        yield one, feed
    finally:
        feed.close()


def found(one: ShardWriter, feed: WordFeed, text: str, filters: Filters = NO_FILTERS, limit: int = 100) -> list[str]:
    assert feed.wait(one.view.offsets.documents, SOON_S)
    return by_words(feed.now, one.view, feed.now.understand(text), limit, filters).skus


def test_a_product_is_found_by_its_newest_words_only(tmp_path: Path) -> None:
    with fed(tmp_path) as (one, feed):
        apply(
            logged("documents", [document("a", 1, of=content("Red lamp")), document("b", 2, of=content("Lamp"))]), one
        )
        assert set(found(one, feed, "lamp")) == {"a", "b"} and found(one, feed, "red") == ["a"]
        apply(logged("documents", [document("a", 3, of=content("Blue lamp")), no_document("b", 4)], 2), one)
        assert (found(one, feed, "lamp"), found(one, feed, "red"), found(one, feed, "blue")) == (["a"], [], ["a"])


def test_what_the_view_does_not_show_never_shows_before_the_index_knows(tmp_path: Path) -> None:
    with fed(tmp_path) as (one, feed):
        records = [document(sku, number, of=content("Lamp")) for number, sku in enumerate("abcd")]
        apply(logged("documents", records), one)
        assert set(found(one, feed, "lamp")) == set("abcd")
        before = feed.now
        apply(logged("documents", [document("a", 9, of=content("Chair")), no_document("b", 10)], 4), one)
        apply(logged("offers", [no_offer("c", 11)]), one)
        assert by_words(before, one.view, before.understand("lamp"), 10, NO_FILTERS).skus == ["d"]


def test_a_product_that_changes_is_found_by_the_words_it_keeps_before_the_index_knows(tmp_path: Path) -> None:
    with fed(tmp_path) as (one, feed):
        apply(logged("documents", [document(sku, 1, of=content("Red lamp")) for sku in "abcd"]), one)
        assert found(one, feed, "lamp") == list("abcd")
        before = feed.now
        later = [document("a", 2, of=content("Blue lamp")), no_document("b", 3), no_document("c", 4)]
        apply(logged("documents", [*later, document("c", 5, of=content("Chair"))], 4), one)
        for filters in (NO_FILTERS, Filters(in_stock=False)):
            assert by_words(before, one.view, before.understand("lamp"), 10, filters).skus == ["a", "d"]
            assert by_words(before, one.view, before.understand("red"), 10, filters).skus == ["d"]


@pytest.mark.parametrize("older_count", [True, False], ids=["", "control: older rows do not count"])
def test_a_product_that_changes_all_the_time_is_never_missing(
    tmp_path: Path, older_count: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not older_count:
        monkeypatch.setattr("index_snapshots.word_search._holds_now", lambda *_: False)
    with fed(tmp_path) as (one, feed):
        apply(logged("documents", [document(sku, 1) for sku in "abc"]), one)
        assert found(one, feed, "lamp") == list("abc")
        ended = threading.Event()

        def change() -> None:
            number = 3
            while not ended.is_set():
                apply(logged("documents", [document("abc"[number % 3], number)], number), one)
                number += 1

        changing = threading.Thread(target=change)
        changing.start()
        commits: list[Committed] = []
        missed = 0
        while len(commits) < COMMITS:
            if len(commits) % 2:  # either may be the newer one
                now, view = feed.now, one.view
            else:
                view, now = one.view, feed.now
            missed += by_words(now, view, now.understand("lamp"), 10, NO_FILTERS).skus != list("abc")
            if not commits or now is not commits[-1]:
                commits.append(now)
        ended.set()
        changing.join()
    assert (missed == 0) is older_count


def test_equal_hits_come_by_sku(tmp_path: Path) -> None:
    with fed(tmp_path) as (one, feed):
        apply(logged("documents", [document(sku, number) for number, sku in enumerate("cab")]), one)
        assert found(one, feed, "lamp") == ["a", "b", "c"]


@pytest.mark.parametrize("among_max", [0, 2_000])
def test_behind_a_filter_the_index_is_asked_until_there_are_enough(
    tmp_path: Path, among_max: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index_snapshots.word_search.AMONG_MAX", among_max)
    with fed(tmp_path) as (one, feed):
        records = [
            document(f"{number:03}", number, of=content("Lamp", attributes={"watts": number})) for number in range(200)
        ]
        apply(logged("documents", records), one)
        few = Filters.model_validate({"attributes": {"watts": {"min": 190}}})
        assert len(found(one, feed, "lamp", few)) == 10 and len(found(one, feed, "lamp", few, 3)) == 3
        none = Filters.model_validate({"attributes": {"watts": {"min": 999}}})
        assert found(one, feed, "lamp", none) == []


def test_a_shard_that_goes_on_has_its_words_again(tmp_path: Path) -> None:
    one = shard()
    apply(logged("documents", [document("a", 1, of=content("Red lamp"))]), one)
    with fed(tmp_path / "one", shard(start=one.view)) as (again, feed):
        assert found(again, feed, "red") == ["a"]
        apply(logged("documents", [document("b", 2, of=content("Red chair"))], 1), again)
        assert set(found(again, feed, "red")) == {"a", "b"}


def test_after_an_error_the_words_are_away_and_then_built_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(word_feed, "REBUILD_AFTER_S", 0.05)
    full = threading.Event()

    class Full(WordIndex):
        def commit(self, documents: int = 0) -> None:
            if full.is_set():
                raise OSError("no space left on device")
            super().commit(documents)

    monkeypatch.setattr(word_feed, "WordIndex", Full)
    with fed(tmp_path) as (one, feed):
        apply(logged("documents", [document("a", 1)]), one)
        assert found(one, feed, "lamp") == ["a"]
        full.set()
        apply(logged("documents", [document("b", 2)], 1), one)
        until_s = time.monotonic() + SOON_S
        while not feed.failed and time.monotonic() < until_s:
            time.sleep(0.01)
        assert feed.offset == 1
        with pytest.raises(Unavailable, match="no space left"):
            feed.now  # noqa: B018
        full.clear()
        apply(logged("documents", [no_document("a", 3)], 2), one)
        assert found(one, feed, "lamp") == ["b"]


def test_many_changes_make_few_commits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commits = []

    class Counting(WordIndex):
        def commit(self, documents: int = 0) -> None:
            commits.append(1)
            super().commit(documents)

    monkeypatch.setattr(word_feed, "WordIndex", Counting)
    monkeypatch.setattr(word_feed, "COMMIT_EVERY_S", SOON_S)
    with fed(tmp_path) as (one, feed):
        assert feed.wait(0, SOON_S)
        for number in range(100):
            apply(logged("documents", [document("a", number + 1)], number), one)
        assert len(commits) <= 2  # the empty index, and the first change


def test_commits_take_a_small_share_of_the_time() -> None:
    assert word_feed.commit_every_s(0.0) == word_feed.commit_every_s(0.15 / 8) == 0.15
    assert word_feed.commit_every_s(0.04) == 0.32


@pytest.mark.parametrize("waiting", [1, 2])
def test_the_writer_waits_when_too_much_waits(tmp_path: Path, waiting: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_feed, "WAITING_MAX", 2)
    monkeypatch.setattr(word_feed, "COMMIT_EVERY_S", SOON_S)
    with fed(tmp_path) as (one, feed):
        assert feed.wait(0, SOON_S)
        apply(logged("documents", [document("x", 1)]), one)
        assert feed.wait(1, SOON_S)  # from now on nothing is taken for a long time
        for number in range(waiting):
            apply(logged("documents", [document(f"y{number}", 1)], number + 1), one)
        late = threading.Thread(target=apply, args=(logged("documents", [document("z", 1)], waiting + 1), one))
        late.start()
        late.join(0.2 if waiting == 2 else SOON_S)
        assert late.is_alive() is (waiting == 2)
    late.join(SOON_S)
    assert not late.is_alive()


@settings(max_examples=25, deadline=None)
@given(data=st.data(), documents=logs("documents"), offers=logs("offers"))
def test_words_agree_with_the_truth_after_any_history(
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
    documents: list[ShardRecord],
    offers: list[ShardRecord],
) -> None:
    red = Filters.model_validate({"attributes": {"colour": ["red"]}})
    with fed(tmp_path_factory.mktemp("words")) as (one, feed):
        truth, following = Truth(), {"documents": 0, "offers": 0}
        before: list[tuple[Committed, set[str]]] = []
        """The index as it was, and which lamps there were then."""
        for batch in data.draw(interleaved(documents, offers)):
            apply(batch, one)
            for record in batch:
                if record.offset >= following[record.topic]:  # else it comes again
                    following[record.topic] = record.offset + 1
                    truth.put(record)
            for filters in (NO_FILTERS, red):
                lamps = _lamps(truth, filters)
                for older, were in before:
                    late = set(by_words(older, one.view, older.understand("lamps"), 100, filters).skus)
                    assert were & lamps <= late <= lamps
                assert set(found(one, feed, "lamps", filters)) == lamps
            before.append((feed.now, _lamps(truth, NO_FILTERS)))


def _lamps(truth: Truth, filters: Filters) -> set[str]:
    return {
        sku
        for sku, (of, priced) in truth.shown().items()
        if of.content and _is_lamp(of.content) and passes(filters, of.content, priced)
    }


def _is_lamp(of: Content) -> bool:
    return of.title == "Lamp" or "Lamps" in (of.category or [])
