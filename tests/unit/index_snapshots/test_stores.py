"""One contract for every snapshot store."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from bench.s3_server import S3Server, s3_server
from index_snapshots.stores import ObjectMissing, ObjectStore, open_store
from schemas.errors import Unavailable
from schemas.settings import ShardSettings


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with s3_server(tmp_path_factory.mktemp("s3")) as one:
        yield one


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    if request.param == "folder":
        return open_store(ShardSettings(snapshot_store=tmp_path.as_uri()), {})
    server: S3Server = request.getfixturevalue("server")
    its_own = {"snapshot_store": f"{server.url}/{tmp_path.name}"}
    return open_store(ShardSettings.model_validate(server.settings() | its_own), {})


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
        for size in (200, 20_000_000):
            with pytest.raises(ValueError, match="damaged"):
                store.put(name, broken(), size)
            with pytest.raises(Unavailable):
                store.put(name, [b"short"], size)
    assert store.names("") == ["a/old"] and content(store, "a/old") == b"old"


def test_large_objects_come_in_pieces(store: ObjectStore) -> None:
    blocks = [bytes([at]) * 1_000_000 for at in range(19)]
    store.put("large", iter(blocks), 19_000_000)
    pieces = list(store.get("large"))
    assert b"".join(pieces) == b"".join(blocks) and len(pieces) > 1


def test_what_is_put_anew_is_there_once(store: ObjectStore) -> None:
    assert store.put_new("a/b", b"first") and not store.put_new("a/b", b"second")
    assert content(store, "a/b") == b"first"
    store.remove("a/b")
    assert store.put_new("a/b", b"") and content(store, "a/b") == b""


def test_of_several_at_the_same_time_one_wins(store: ObjectStore) -> None:
    together, won = threading.Barrier(4), list[bytes]()

    def put(data: bytes) -> None:
        together.wait()
        if store.put_new("one", data):
            won.append(data)

    threads = [threading.Thread(target=put, args=(bytes([at]) * 1_000,)) for at in range(4)]
    with ExitStack() as ending:
        for thread in threads:
            thread.start()
            ending.callback(thread.join)
    assert len(won) == 1 and content(store, "one") == won[0] and store.names("") == ["one"]
