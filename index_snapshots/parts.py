"""The parts that rows lie in, each a segment or a head: which rows live, which are shown, and whose they are."""

import shutil
import weakref
from bisect import bisect_left
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from index_snapshots.filters import Mask as Filtered
from index_snapshots.graph import EVERYTHING, Bits, Chosen, Graph, chosen
from index_snapshots.heads import Block, Head
from index_snapshots.merge import FromHead, FromSegment, Segment, Source, mapped_rows, mapped_vectors, opened
from index_snapshots.signs import Signs
from index_snapshots.together import Neighbours

Slots = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]
SELECTIONS_MAX: Final = 16
"""Filters of which a part remembers which of its rows pass: one bit per row each, until a row of the part changes."""


class Selections:
    """Which rows pass the filters last used. Threads may ask at the same time; the worst is that both work it out."""

    def __init__(self) -> None:
        self._known: dict[Filtered, Chosen] = {}

    def get(self, filtered: Filtered, select: Callable[[], Bits]) -> Chosen:
        found = self._known.get(filtered)
        if found is None:
            if len(self._known) >= SELECTIONS_MAX:
                self._known = {}
            found = self._known[filtered] = chosen(select())
        return found


class Store:
    """What a part and all its frozen copies share: codes, vectors, row numbers, and the slot of each row."""

    def __init__(self, segment: Segment | None, head: Head | None, slots: Slots) -> None:
        self.segment, self.head, self.slots = segment, head, slots
        if segment is not None:
            self.graph: Graph | None = opened(segment)
            self.vectors = mapped_vectors(segment)
            self.rows = mapped_rows(segment.files.rows)
            self.first_row = int(self.rows[0])
            self._numbers = self.rows.data
        else:
            assert head is not None
            self.graph, self.vectors, self.rows = None, head.vectors, head.rows
            self.first_row = head.first_row

    @cached_property
    def signs(self) -> Signs:
        """Of the graph's codes; made when a search first needs them, in 20 ms for 100,000 rows."""
        assert self.graph is not None
        return Signs(self.graph)

    @cached_property
    def neighbours(self) -> Neighbours:
        assert self.graph is not None
        return Neighbours(self.graph, self.slots)

    def remove_at_end(self) -> None:
        """Removes the segment's folder when nothing refers to it any more: no view, no merge, no snapshot."""
        assert self.segment is not None
        folder = self.segment.files.graph.parent
        weakref.finalize(self.segment, shutil.rmtree, folder, ignore_errors=True).atexit = False

    def position(self, row: int) -> int:
        """Where a row with this number lies. It must be here."""
        return row - self.first_row if self.head else bisect_left(self._numbers, row)

    def positions(self, rows: Rows) -> npt.NDArray[np.int64]:
        """Like `position`, (n,)."""
        return rows - self.first_row if self.head else np.asarray(self.rows.searchsorted(rows))


class FrozenPart:
    """A part at one point in time. Immutable."""

    def __init__(self, store: Store, count: int, bits: Bits, shown: int) -> None:
        self.store = store
        self.count = count
        """Rows, dead ones included."""
        self.bits = bits
        self.shown = shown
        """Rows that a search may find."""
        self._selections = Selections()

    @cached_property
    def chosen(self) -> Chosen:
        return EVERYTHING if self.shown == len(self.store.rows) else chosen(self.bits)

    def passing(self, filtered: Filtered) -> Chosen:
        """Shown rows whose slot passes a filter."""
        return self._selections.get(filtered, lambda: self._selected(filtered))

    def _selected(self, filtered: Filtered) -> Bits:
        passing = filtered.passing.take(self.store.slots)
        return np.asarray(np.packbits(passing, bitorder="little") & self.bits)


class FrozenBlock:
    """The heads of one block at one point in time: searched with one scan. Immutable."""

    def __init__(self, block: Block, parts: Sequence[FrozenPart]) -> None:
        self.block = block
        shown = 0
        for part in parts:
            assert part.store.head is not None
            shown |= int.from_bytes(part.bits.data, "little") << part.store.head.begin
        self._bits = np.frombuffer(shown.to_bytes(-(-len(block.slots) // 8), "little"), dtype=np.uint8)
        self._selections = Selections()

    @cached_property
    def chosen(self) -> Chosen:
        return chosen(self._bits)

    def passing(self, filtered: Filtered) -> Chosen:
        """Shown rows whose slot passes a filter."""
        return self._selections.get(filtered, lambda: self._selected(filtered))

    def _selected(self, filtered: Filtered) -> Bits:
        size = len(self.block.slots)
        places = np.flatnonzero(np.unpackbits(self._bits, count=size, bitorder="little"))
        passing = np.zeros(size, dtype=np.bool_)
        passing[places] = filtered.passing.take(self.block.slots[places])
        return np.packbits(passing, bitorder="little")


class Part:
    """A part as its writer keeps it. One thread only."""

    def __init__(self, store: Store, live: Mask, shown: Mask) -> None:
        self.store = store
        self.live = live
        """Rows that are the newest of their SKU, by the documents alone."""
        self._bits = bytearray(np.packbits(shown, bitorder="little").data)
        """Live rows whose product is visible: packed, because every view gets a copy."""
        self._shown = int(np.count_nonzero(shown))
        self.merging = False
        """Whether a merge that is under way takes it."""
        self._frozen: FrozenPart | None = None

    @classmethod
    def of_head(cls, head: Head) -> "Part":
        capacity = len(head.vectors)
        store = Store(None, head, head.slots)
        return cls(store, np.zeros(capacity, dtype=np.bool_), np.zeros(capacity, dtype=np.bool_))

    @classmethod
    def thaw(cls, frozen: FrozenPart, live_rows: Rows) -> "Part":
        """Goes on from a frozen part; `live_rows`: of the whole shard, ascending."""
        store, size = frozen.store, len(frozen.store.rows)
        live = np.zeros(size, dtype=np.bool_)
        begin, end = live_rows.searchsorted([store.first_row, int(store.rows[-1]) + 1])
        live[store.positions(live_rows[begin:end])] = True
        return cls(store, live, np.unpackbits(frozen.bits, count=size, bitorder="little").astype(np.bool_))

    @property
    def count(self) -> int:
        return self.store.head.count if self.store.head else len(self.live)

    def put(self, at: int, slot: int) -> None:
        """A row that was just appended to the head."""
        self.store.slots[at] = slot
        self.live[at] = True
        self._frozen = None

    def bury(self, at: int) -> None:
        self.live[at] = False
        self.show(at, False)

    def show(self, at: int, shown: bool) -> None:
        bit = 1 << (at & 7)
        if bool(self._bits[at >> 3] & bit) != shown:
            self._bits[at >> 3] ^= bit
            self._shown += 1 if shown else -1
            self._frozen = None

    @property
    def shown(self) -> Mask:
        """A copy, with room for rows to come."""
        bits = np.frombuffer(self._bits, dtype=np.uint8)
        return np.unpackbits(bits, count=len(self.live), bitorder="little").astype(np.bool_)

    def source(self, kept: Mask) -> Source:
        """This part as the input of a merge that takes the rows of `kept` (count,)."""
        if self.store.segment is not None:
            return FromSegment(self.store.segment, kept)
        head = self.store.head
        assert head is not None
        return FromHead(head.first_row, head.vectors, head.levels, kept)

    def freeze(self) -> FrozenPart:
        if self._frozen is None:
            bits = np.frombuffer(bytearray(self._bits), dtype=np.uint8)
            self._frozen = FrozenPart(self.store, self.count, bits, self._shown)
        return self._frozen
