"""The parts that rows lie in, each a segment or a head: which rows live, which are shown, and whose they are."""

import shutil
import weakref
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from index_snapshots import filters
from index_snapshots.graph import EVERYTHING, Bits, Chosen, Graph, chosen
from index_snapshots.heads import Block, Head
from index_snapshots.merge import FromHead, FromSegment, Segment, Source, mapped_rows, mapped_vectors

Slots = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.int64]


class Store:
    """What a part and all its frozen copies share: codes, vectors, row numbers, and the slot of each row."""

    def __init__(self, segment: Segment | None, head: Head | None, slots: Slots) -> None:
        self.segment, self.head, self.slots = segment, head, slots
        if segment is not None:
            self.graph: Graph | None = Graph.opened(segment.files.graph)
            self.vectors = mapped_vectors(segment.files.vectors, segment.size)
            self.rows = mapped_rows(segment.files.rows)
            self.first_row = int(self.rows[0])
        else:
            assert head is not None
            self.graph, self.vectors, self.rows = None, head.vectors, head.rows
            self.first_row = head.first_row

    def remove_at_end(self) -> None:
        """Removes the segment's folder when nothing refers to it any more: no view, no merge."""
        assert self.segment is not None
        weakref.finalize(self, shutil.rmtree, self.segment.files.graph.parent, ignore_errors=True).atexit = False

    def position(self, row: int) -> int:
        """Where a row with this number lies. It must be here."""
        return row - self.first_row if self.head else int(self.rows.searchsorted(np.int64(row)))

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

    @cached_property
    def chosen(self) -> Chosen:
        return EVERYTHING if self.shown == len(self.store.rows) else chosen(self.bits)

    def passing(self, filtered: filters.Mask) -> Chosen:
        """Shown rows whose slot passes a filter."""
        passing = filtered.passing.take(self.store.slots)
        return chosen(np.packbits(passing, bitorder="little") & self.bits)


class FrozenBlock:
    """The heads of one block at one point in time: searched with one scan. Immutable."""

    def __init__(self, block: Block, parts: Sequence[FrozenPart]) -> None:
        self.block = block
        self._shown = np.zeros(len(block.slots), dtype=np.bool_)
        for part in parts:
            head = part.store.head
            assert head is not None
            shown = np.unpackbits(part.bits, count=part.count, bitorder="little")
            self._shown[head.begin : head.begin + part.count] = shown

    @cached_property
    def chosen(self) -> Chosen:
        return chosen(np.packbits(self._shown, bitorder="little"))

    def passing(self, filtered: filters.Mask) -> Chosen:
        """Shown rows whose slot passes a filter."""
        places = np.flatnonzero(self._shown)
        passing = np.zeros(len(self._shown), dtype=np.bool_)
        passing[places] = filtered.passing.take(self.block.slots[places])
        return chosen(np.packbits(passing, bitorder="little"))


class Part:
    """A part as its writer keeps it. One thread only."""

    def __init__(self, store: Store, live: Mask, shown: Mask) -> None:
        self.store = store
        self.live = live
        """Rows that are the newest of their SKU, by the documents alone."""
        self.shown = shown
        """Live rows whose product is visible."""
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
        self.live[at] = self.shown[at] = False
        self._frozen = None

    def show(self, at: int, shown: bool) -> None:
        if self.shown[at] != shown:
            self.shown[at] = shown
            self._frozen = None

    def source(self, kept: Mask) -> Source:
        """This part as the input of a merge that takes the rows of `kept` (count,)."""
        if self.store.segment is not None:
            return FromSegment(self.store.segment, kept)
        head = self.store.head
        assert head is not None
        return FromHead(head.first_row, head.vectors, head.levels, kept)

    def freeze(self) -> FrozenPart:
        if self._frozen is None:
            bits = np.packbits(self.shown, bitorder="little")
            self._frozen = FrozenPart(self.store, self.count, bits, int(np.count_nonzero(self.shown)))
        return self._frozen
