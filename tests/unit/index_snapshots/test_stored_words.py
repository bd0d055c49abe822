"""The words of a snapshot: what a restart reads of them, and what it builds from the bodies instead."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from index_snapshots.apply import apply
from index_snapshots.folder import Known
from index_snapshots.manifest import Manifest
from index_snapshots.restore import restore
from index_snapshots.snapshot import write
from index_snapshots.stored_words import REST, read_words
from index_snapshots.word_feed import Start, WordFeed, compared
from index_snapshots.word_search import by_words
from index_snapshots.writer import ShardWriter
from schemas.filters import NO_FILTERS
from tests.unit.index_snapshots.making import FACETS, ORIGIN, content, document, logged, no_document, shard
from tests.waiting import LIMIT_S

NOW_MS = 1_000


@contextmanager
def fed(folder: Path, one: ShardWriter, start: Start | None = None) -> Iterator[WordFeed]:
    feed = WordFeed(folder, one.view, FACETS, start=start)
    one.feed(feed)
    try:
        assert feed.wait(one.view.offsets.documents, LIMIT_S)
        yield feed
    finally:
        feed.close()


def found(one: ShardWriter, feed: WordFeed, text: str) -> list[str]:
    assert feed.wait(one.view.offsets.documents, LIMIT_S)
    return by_words(feed.now, one.view, feed.now.understand(text), 100, NO_FILTERS).skus


def snapshot(one: ShardWriter, feed: WordFeed, folder: Path, known: Known | None = None) -> Manifest:
    return write(one.view, folder, ORIGIN, 2, NOW_MS, known=known, words=partial(feed.store, folder))


def restarted(folder: Path) -> tuple[ShardWriter, Start]:
    known = Known()
    view = restore(folder, ORIGIN, NOW_MS, known).view
    assert view is not None and known.newest is not None
    return shard(start=view), Start(folder, known.newest)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "shard"
    made.mkdir()
    return made


def test_a_restart_reads_the_words_of_the_snapshot(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = shard()
    with fed(tmp_path / "a", one) as feed:
        apply(
            logged("documents", [document("a", 1, of=content("Red lamp")), document("b", 2, of=content("Blue lamp"))]),
            one,
        )
        assert found(one, feed, "red") == ["a"]
        snapshot(one, feed, folder)
    monkeypatch.setattr("index_snapshots.word_feed.spoken", None)  # nothing is built from a body
    again, start = restarted(folder)
    with fed(tmp_path / "b", again, start) as feed:
        assert (found(again, feed, "red"), set(found(again, feed, "lamp"))) == (["a"], {"a", "b"})


def flipped(data: bytes) -> bytes:
    changed = bytearray(data)
    changed[len(data) // 2] ^= 1
    return bytes(changed)


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "zeroed": lambda data: bytes(len(data)),
    "cut": lambda data: data[:-1],
    "emptied": lambda data: b"",
    "flipped": flipped,
}


@pytest.mark.parametrize("harm", ["none", "gone", *DAMAGE])
def test_in_whatever_order_products_came_none_is_built_again(folder: Path, tmp_path: Path, harm: str) -> None:
    """They have the slots that they had. `harm`: to the file that tells; then they have others, and are built again."""
    one = shard()
    with fed(tmp_path / "a", one) as feed:
        lamps = [document(sku, at, of=content(f"Lamp {sku}")) for at, sku in enumerate("zmxab", 1)]
        apply(logged("documents", [*lamps, no_document("m", 9), "m"]), one)
        assert found(one, feed, "lamp") == ["a", "b", "x", "z"]
        manifest = snapshot(one, feed, folder)
    if harm != "none":
        path = folder / manifest.files["slots"].name
        data = path.read_bytes()
        path.unlink()
        if harm != "gone":
            path.write_bytes(DAMAGE[harm](data))
    with capture_logs() as logs:
        again, start = restarted(folder)
        with fed(tmp_path / "b", again, start) as feed:
            assert found(again, feed, "lamp") == ["a", "b", "x", "z"]
            apply(logged("documents", [document("c", 20, of=content("Lamp c"))], again.view.offsets.documents), again)
            assert found(again, feed, "lamp") == ["a", "b", "c", "x", "z"]
    (said,) = [line for line in logs if line["event"] == "words indexed"]
    moved = 1  # the last one fills the place of what was purged
    assert said["read"] == 4 and (said["built"] == moved if harm == "none" else said["built"] > moved)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5)), unique_by=lambda pair: pair[0]), st.data())
def test_what_is_compared(held: list[tuple[int, int]], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(-1, 5), max_size=8))
    slots, numbers = (np.array([pair[at] for pair in held], dtype=np.int64) for at in (0, 1))
    wrong, missing = compared(slots, numbers, np.array(rows, dtype=np.int64))
    right = {slot for slot, row in held if slot < len(rows) and rows[slot] == row}
    assert wrong.T.tolist() == [[slot, row] for slot, row in held if slot not in right]
    assert missing == [slot for slot, row in enumerate(rows) if row != -1 and slot not in right]


def test_an_index_that_was_behind_or_ahead_is_made_good(folder: Path, tmp_path: Path) -> None:
    one = shard()
    with fed(tmp_path / "a", one) as feed:
        apply(logged("documents", [document(sku, 1, of=content(f"Lamp {sku}")) for sku in "abc"]), one)
        assert len(found(one, feed, "lamp")) == 3
        view = one.view
        apply(
            logged("documents", [document("a", 5, of=content("Chair")), no_document("b", 6), document("d", 7)], 3), one
        )
        assert found(one, feed, "chair") == ["a"]  # the index is ahead of the view
        write(view, folder, ORIGIN, 2, NOW_MS, words=partial(feed.store, folder))
    again, start = restarted(folder)
    with fed(tmp_path / "b", again, start) as feed:
        assert found(again, feed, "lamp") == ["a", "b", "c"] and found(again, feed, "chair") == []
        apply(
            logged("documents", [document("a", 5, of=content("Chair")), no_document("b", 6), document("d", 7)], 3),
            again,
        )
        assert (found(again, feed, "chair"), set(found(again, feed, "lamp"))) == (["a"], {"c", "d"})
    behind = shard()
    apply(logged("documents", [document("a", 1, of=content("Red lamp"))]), behind)
    with fed(tmp_path / "c", behind) as feed:
        late = shard(start=behind.view)
        apply(logged("documents", [document("a", 2, of=content("Blue lamp")), document("b", 3)], 1), late)
        write(late.view, folder, ORIGIN, 2, NOW_MS, words=partial(feed.store, folder))
    again, start = restarted(folder)
    with fed(tmp_path / "d", again, start) as feed:
        assert (found(again, feed, "red"), found(again, feed, "blue"), set(found(again, feed, "lamp"))) == (
            [],
            ["a"],
            {"a", "b"},
        )


@pytest.mark.parametrize("harm", ["gone", *DAMAGE, "none", "declared"])
def test_words_that_do_not_verify_are_built_from_the_bodies(folder: Path, tmp_path: Path, harm: str) -> None:
    one = shard()
    apply(logged("documents", [document("a", 1, of=content("Red lamp"))]), one)
    with fed(tmp_path / "a", one) as feed:
        manifest = snapshot(one, feed, folder)
    for part, file in manifest.files.items():
        if part.startswith("words-") and harm in ("gone", *DAMAGE):
            path = folder / file.name
            data = path.read_bytes()
            path.unlink()
            if harm != "gone":
                path.write_bytes(DAMAGE[harm](data))
    again, start = restarted(folder)
    if harm == "none":
        files = {part: file for part, file in manifest.files.items() if not part.startswith("words-")}
        start = Start(folder, manifest.model_copy(update={"files": files}))
    declared = ["size"] if harm == "declared" else FACETS
    assert read_words(*start, declared, tmp_path / "read")
    with fed(tmp_path / "b", again, start if harm != "declared" else None) as feed:
        assert found(again, feed, "red") == ["a"]


def test_segments_that_are_there_already_are_not_written_again(folder: Path, tmp_path: Path) -> None:
    one, known = shard(), Known()
    with fed(tmp_path / "a", one) as feed:
        apply(logged("documents", [document("a", 1)]), one)
        found(one, feed, "lamp")
        first = snapshot(one, feed, folder, known)
        apply(logged("documents", [document("b", 2)], 1), one)
        found(one, feed, "lamp")
        second = snapshot(one, feed, folder, known)
    words = [{part for part in one.files if part.startswith("words-")} for one in (first, second)]
    shared = (words[0] & words[1]) - {REST}
    assert shared and len(words[1]) > len(words[0])
    assert all(first.files[part] == second.files[part] for part in shared)


def test_a_snapshot_does_not_wait_for_an_index_that_cannot_be_built(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index_snapshots.word_feed.COPY_WAIT_S", 0.05)
    one = shard()
    apply(logged("documents", [document("a", 1)]), one)
    with fed(tmp_path / "a", one) as feed:
        monkeypatch.setattr("index_snapshots.word_feed.link", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
        with pytest.raises(OSError, match="full"):
            snapshot(one, feed, folder)
    closed = snapshot(one, feed, folder)  # its thread has ended
    assert not [part for part in closed.files if part.startswith("words-")]
    again, start = restarted(folder)
    with fed(tmp_path / "b", again, start) as feed:
        assert found(again, feed, "lamp") == ["a"]
