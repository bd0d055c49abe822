"""What a snapshot holds of a view beside its vectors, in the order of the SKUs; made in pieces that stall no search."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson

from index_snapshots.bodies import FrozenBodies
from index_snapshots.columns import CHUNK_ROWS, NO_CODE, NO_ROW, STATE, FrozenColumns
from index_snapshots.frames import SMALL_FRAME_BYTES, compressed, decompressed
from index_snapshots.gentle import Rest, no_rest
from index_snapshots.manifest import ONE_FILE_OF_VECTORS
from index_snapshots.orders import NO_ORDER
from index_snapshots.search import Slots
from index_snapshots.stored import Vocabulary

PIECE: Final = CHUNK_ROWS
"""Values at once: Python works on these without a pause for others, for some milliseconds at most."""
SAMPLED: Final = 8
"""SKUs looked at for each piece when a million of them are shared out to be sorted."""


def packed(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """States or names as a snapshot has them: all that is the same in most rows takes next to nothing."""
    return compressed(blocks, SMALL_FRAME_BYTES)


def unpacked(data: bytes, format_version: int) -> bytes:
    """What was packed, in a snapshot of this format. Raises ValueError where that is not what `data` holds."""
    return data if format_version <= ONE_FILE_OF_VECTORS else b"".join(decompressed([data]))


class StoredState:
    """`rest` is called after each piece of work. One thread only."""

    def __init__(self, columns: FrozenColumns, words: Vocabulary, bodies: FrozenBodies, rest: Rest = no_rest) -> None:
        self._columns, self._words, self._bodies, self._rest = columns, words, bodies, rest
        known = (columns.whole("document_order") != NO_ORDER) | (columns.whole("offer_order") != NO_ORDER)
        self._order = in_order(words.skus, np.flatnonzero(known), rest)

    @property
    def slots(self) -> Slots:
        """Of the states, in their order, (n,)."""
        return self._order

    def states(self) -> npt.NDArray[Any]:
        """(n,), dtype STATE; codes by first use."""
        states = np.zeros(len(self._order), dtype=STATE)
        for name in STATE.fields or ():
            states[name] = self._columns.whole(name)[self._order]
            self._rest()
        for name in ("brand", "category", "currency"):
            states[name] = _renumbered(states[name])[0]
            self._rest()
        return states

    def living(self) -> tuple[Slots, Slots]:
        """Numbers of the rows of the live documents, ascending, and their slots; both (n,)."""
        rows = self._columns.whole("row")
        slots = np.flatnonzero(rows != NO_ROW)
        slots = slots[np.argsort(rows[slots], kind="stable")]
        self._rest()
        return rows[slots], slots

    def texts(self, slots: Slots) -> Iterator[list[bytes]]:
        """Bodies of these slots, which have live documents, in pieces."""
        for start in range(0, len(slots), PIECE):
            yield [self._bodies[slot] for slot in slots[start : start + PIECE].tolist()]
            self._rest()

    def names(self) -> dict[str, Any]:
        """SKUs, and the words that codes stand for."""
        return {"sku": [sku for piece in self._skus() for sku in piece], **self._used()}

    def names_json(self) -> Iterator[bytes]:
        """`names` as one JSON object, in pieces."""
        yield b'{"sku":['
        yield from _listed(self._skus())
        for name, used in self._used().items():
            yield b'],"%s":[' % name.encode()
            yield from _listed(used[start : start + PIECE] for start in range(0, len(used), PIECE))
        yield b"]}"

    def _skus(self) -> Iterator[list[str]]:
        skus = self._words.skus
        for start in range(0, len(self._order), PIECE):
            yield [skus[slot] for slot in self._order[start : start + PIECE].tolist()]
            self._rest()

    def _used(self) -> dict[str, list[Any]]:
        tables: dict[str, list[Any]] = {
            "brand": self._words.brands.words,
            "category": [list(path) for path in self._words.categories.paths],
            "currency": self._words.currencies.words,
        }
        return {
            name: [table[code] for code in _renumbered(self._columns.whole(name)[self._order])[1]]
            for name, table in tables.items()
        }


def in_order(skus: Sequence[str], slots: Slots, rest: Rest = no_rest) -> Slots:
    """Slots by their SKUs, (n,). Share by share: to sort a million at once would stop all searches for a second."""
    if len(slots) <= 2 * PIECE:
        return np.array(sorted(slots.tolist(), key=skus.__getitem__), dtype=np.int64)
    step = max(1, PIECE // SAMPLED)
    splitters = sorted(skus[slot] for slot in slots[::step].tolist())[SAMPLED::SAMPLED]
    rest()
    shares: list[list[int]] = [[] for _ in range(len(splitters) + 1)]
    for start in range(0, len(slots), PIECE):
        for slot in slots[start : start + PIECE].tolist():
            shares[bisect_right(splitters, skus[slot])].append(slot)
        rest()
    ordered, at = np.empty(len(slots), dtype=np.int64), 0
    for share in shares:
        share.sort(key=skus.__getitem__)
        ordered[at : at + len(share)] = share
        at += len(share)
        rest()
    return ordered


def _listed(pieces: Iterator[list[Any]]) -> Iterator[bytes]:
    """The items of JSON lists as those of one."""
    first = True
    for piece in pieces:
        if piece:
            yield orjson.dumps(piece)[1:-1] if first else b"," + orjson.dumps(piece)[1:-1]
            first = False


def _renumbered(codes: npt.NDArray[np.int32]) -> tuple[npt.NDArray[np.int32], list[int]]:
    """Codes as 0, 1, ... by first use, and the old code of each: words no longer used are left out of snapshots."""
    used, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
    by_use = np.argsort(np.where(used == NO_CODE, -1, first), kind="stable")
    rank = np.empty(len(used), dtype=np.int32)
    offset = 1 if NO_CODE in used else 0
    rank[by_use] = np.arange(len(used)) - offset
    return rank[inverse].astype(np.int32), used[by_use][offset:].tolist()
