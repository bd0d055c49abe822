"""One contract for every snapshot store."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from index_snapshots.store_folder import LEFT_BEHIND_S, FolderStore
from index_snapshots.stores import ObjectMissing, ObjectStore, open_store
from schemas.errors import SettingsError, Unavailable


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return open_store(tmp_path.as_uri())


def content(store: ObjectStore, name: str) -> bytes:
    return b"".join(store.get(name))


def test_what_is_put_is_there(store: ObjectStore) -> None:
    assert store.names("") == []
    store.put("b/x", [b"12", b"345"], 5)
    store.put("a/y/z", [], 0)
    assert content(store, "b/x") == b"12345" and content(store, "a/y/z") == b""
    assert store.names("") == ["a/y/z", "b/x"] and store.names("b/") == ["b/x"] and store.names("c/") == []
    store.put("b/x", [b"6"], 1)
    assert content(store, "b/x") == b"6"


def test_what_is_removed_is_gone(store: ObjectStore) -> None:
    store.put("a/b", [b"1"], 1)
    for _ in range(2):
        store.remove("a/b")
        assert store.names("") == []
        with pytest.raises(ObjectMissing):
            content(store, "a/b")


def test_an_object_is_whole_or_not_there(store: ObjectStore) -> None:
    def broken() -> Iterator[bytes]:
        yield b"1" * 100
        raise ValueError("the source is damaged")

    store.put("a/old", [b"old"], 3)
    for name in ("a/new", "a/old"):
        with pytest.raises(ValueError, match="damaged"):
            store.put(name, broken(), 200)
        with pytest.raises(Unavailable):
            store.put(name, [b"short"], 200)
    assert store.names("") == ["a/old"] and content(store, "a/old") == b"old"


def test_large_objects_come_in_pieces(store: ObjectStore) -> None:
    blocks = [bytes([at]) * 1_000_000 for at in range(7)]
    store.put("large", iter(blocks), 7_000_000)
    pieces = list(store.get("large"))
    assert b"".join(pieces) == b"".join(blocks) and len(pieces) > 1


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """Where a disk is not mounted the snapshots would fill another one."""
    store = FolderStore(tmp_path / "mnt")
    for call in (lambda: store.names(""), lambda: store.put("a", [b"1"], 1), lambda: content(store, "a")):
        with pytest.raises(Unavailable, match="there is no folder"):
            call()
    assert not (tmp_path / "mnt").exists()


@pytest.mark.parametrize(("age_s", "stays"), [(LEFT_BEHIND_S - 60, True), (LEFT_BEHIND_S + 60, False)])
def test_what_a_dead_process_left_goes_after_a_day(tmp_path: Path, age_s: float, stays: bool) -> None:
    left = tmp_path / "a" / "tmp-left"
    left.parent.mkdir()
    left.write_bytes(b"half")
    os.utime(left, (0, time.time() - age_s))
    store = FolderStore(tmp_path)
    assert store.names("") == []
    store.put("a/x", [b"1"], 1)
    assert left.exists() is stays


@pytest.mark.parametrize("url", ["ftp://host/path", "file://elsewhere/path", "file:", ""])
def test_other_places_are_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="snapshot_store"):
        open_store(url)


def test_a_path_is_a_folder_too(tmp_path: Path) -> None:
    assert open_store(str(tmp_path)).url == tmp_path.as_uri()
    assert open_store((tmp_path / "a b").as_uri()).url == (tmp_path / "a b").as_uri()
