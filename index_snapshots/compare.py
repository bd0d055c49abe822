"""What two snapshots of a shard have in common: files, bytes, products and offers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson

from index_snapshots.checksums import damage
from index_snapshots.columns import NO_ROW, STATE
from index_snapshots.manifest import Manifest, SnapshotDamaged
from index_snapshots.orders import NO_ORDER
from index_snapshots.stored_state import unpacked

Bools = npt.NDArray[np.bool_]


class Shared(NamedTuple):
    """Counts of things that are in both, or in one alone."""

    both: int
    only_first: int
    only_second: int


class Rows(NamedTuple):
    """Products, or offers."""

    same: int
    changed: int
    only_first: int
    only_second: int


class PartDiff(NamedTuple):
    """One part of the snapshots: states, names, heads, levels, kept, bodies-N, graph-N and so on."""

    part: str
    shared: bool
    """Whether some part of the other snapshot is the same file."""
    first_bytes: int
    """0: the first snapshot has no such part."""
    second_bytes: int


class Difference(NamedTuple):
    files: Shared
    bytes: Shared
    products: Rows
    """By SKU: the same when both have it from the same event."""
    offers: Rows
    parts: list[PartDiff]


def compare(first: Manifest, second: Manifest, read: Callable[[Manifest, str], bytes]) -> Difference:
    """`read` gives the content of a part of a snapshot. Raises what it raises; ValueError where it does not fit."""
    one, other = ({file.name: file.size for file in manifest.files.values()} for manifest in (first, second))
    both = one.keys() & other.keys()
    files = Shared(len(both), len(one) - len(both), len(other) - len(both))
    shared = sum(one[name] for name in both)
    sizes = Shared(shared, sum(one.values()) - shared, sum(other.values()) - shared)
    return Difference(files, sizes, *_rows(first, second, read), _parts(first, second, both))


def read_part(folder: Path) -> Callable[[Manifest, str], bytes]:
    """Reads parts that lie in a folder; SnapshotDamaged when one is not what was written."""

    def read(manifest: Manifest, part: str) -> bytes:
        file = manifest.files[part]
        if wrong := damage(folder / file.name, file, every_byte=True):
            raise SnapshotDamaged(wrong)
        return (folder / file.name).read_bytes()

    return read


def _parts(first: Manifest, second: Manifest, both: set[str]) -> list[PartDiff]:
    found = []
    for part in sorted(first.files.keys() | second.files.keys()):
        one, other = first.files.get(part), second.files.get(part)
        shared = any(file is not None and file.name in both for file in (one, other))
        found.append(PartDiff(part, shared, one.size if one else 0, other.size if other else 0))
    return found


def _rows(first: Manifest, second: Manifest, read: Callable[[Manifest, str], bytes]) -> tuple[Rows, Rows]:
    sides = [_states(manifest, read) for manifest in (first, second)]
    (skus, one), (others, other) = sides
    _, here, there = np.intersect1d(skus, others, assume_unique=True, return_indices=True)
    products = _count(
        (one["row"] != NO_ROW, one["document_order"], here), (other["row"] != NO_ROW, other["document_order"], there)
    )
    offers = _count(
        (one["offer_live"] & (one["offer_order"] != NO_ORDER), one["offer_order"], here),
        (other["offer_live"] & (other["offer_order"] != NO_ORDER), other["offer_order"], there),
    )
    return products, offers


def _states(manifest: Manifest, read: Callable[[Manifest, str], bytes]) -> "tuple[npt.NDArray[Any], npt.NDArray[Any]]":
    """SKUs (n,) and their states (n,), dtype STATE."""
    states, names = (unpacked(read(manifest, part), manifest.format_version) for part in ("states", "names"))
    return np.array(orjson.loads(names)["sku"], dtype=object), np.frombuffer(states, dtype=STATE)


def _count(first: tuple[Bools, Any, Any], second: tuple[Bools, Any, Any]) -> Rows:
    """Each side: which are live (n,), the order of each (n,), and the places of the SKUs that both know (m,)."""
    (one, one_order, here), (other, other_order, there) = first, second
    in_both = one[here] & other[there]
    same = int(np.count_nonzero(in_both & (one_order[here] == other_order[there])))
    shared = int(np.count_nonzero(in_both))
    return Rows(same, shared - same, int(one.sum()) - shared, int(other.sum()) - shared)
