"""Snapshots in a folder, for tests: written one after the other by a shard that goes on in between."""

from pathlib import Path

from index_snapshots.apply import apply
from index_snapshots.folder import Known
from index_snapshots.manifest import Manifest
from index_snapshots.snapshot import write
from index_snapshots.writer import ShardWriter
from tests.unit.index_snapshots.making import ORIGIN, document, logged, no_document, offer, shard

NOW_MS = 1_800_000_000_000


def filled() -> ShardWriter:
    """24 products, some of them in a graph, and two offers."""
    one = shard()
    documents = [document(sku, at, seed=at) for at, sku in enumerate([*"abcdef", *map(str, range(18))], 1)]
    apply([*logged("documents", documents), *logged("offers", [offer("a", 1), offer("b", 2)])], one)
    return one


def changed(one: ShardWriter) -> None:
    """One product changed, one gone, one new; one offer changed, one new."""
    documents, offers = one.view.offsets
    apply(
        [
            *logged("documents", [document("f", 30, seed=99), no_document("e", 31), document("g", 32)], documents),
            *logged("offers", [offer("b", 10, price=3.0), offer("c", 11)], offers),
        ],
        one,
    )


def two_snapshots(folder: Path, now_ms: int = NOW_MS) -> tuple[Manifest, Manifest]:
    folder.mkdir(parents=True, exist_ok=True)
    one, known = filled(), Known()
    first = write(one.view, folder, ORIGIN, keep=2, now_ms=now_ms, known=known)
    changed(one)
    return first, write(one.view, folder, ORIGIN, keep=2, now_ms=now_ms + 1, known=known)


def flip(path: Path) -> None:
    """One bit in the middle."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
