"""The rows of a shard as a log-structured merge: one large graph, few small ones, and flat heads of the newest rows.

Everything that happens here follows from the rows appended and buried, in their order: the same log gives the same
parts, wherever, however fast, and however often it was stopped.
"""

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xxhash

from index_snapshots.builder import Builder, Built, Finished
from index_snapshots.codes import CodeBytes
from index_snapshots.heads import Head
from index_snapshots.merge import FromSegment, Merge, Segment
from index_snapshots.nearest import FrozenVectors
from index_snapshots.pacing import (
    DEAD_SHARE,
    MARGIN,
    REBUILD_MARGIN,
    REBUILT_SHARE,
    WAITING_HEADS_MAX,
    Pacing,
)
from index_snapshots.parts import Part, Rows, Store
from index_snapshots.pending import Pending, Planned
from index_snapshots.protocol import Half


@dataclass
class Figures:
    """What the merges have cost so far; not part of the state."""

    merges: int = 0
    repairs: int = 0
    rebuilds: int = 0
    rows_built: int = 0
    waits: int = 0
    """Installs for which the writer had to wait."""
    waited_s: float = 0.0
    longest_wait_s: float = 0.0
    waiting_since_s: float | None = None
    """On the monotonic clock, while the writer waits."""

    @property
    def waiting_s(self) -> float:
        """For how long the writer has been waiting; 0 when it does not. For any thread."""
        since_s = self.waiting_since_s
        return 0.0 if since_s is None else time.monotonic() - since_s


class Vectors:
    """The writer's rows. One thread only."""

    def __init__(
        self, dim: int, folder: Path, builder: Builder, pacing: Pacing, start: FrozenVectors | None, live_rows: Rows
    ) -> None:
        """`folder` takes the segments' files, belongs to this shard alone, and is emptied. `start`: what to go on from,
        in the same memory and with its own pacing; `live_rows`: the numbers of its living rows, ascending."""
        self._dim = dim
        self._folder = folder
        self._builder = builder
        self._pacing = pacing if start is None else start.pacing
        self._parts: list[Part] = []
        self._pending: list[Pending] = []
        self._seals = self._sealed_ms = self._next_row = self._started = 0
        self.figures = Figures()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if start is not None:
            self._go_on(start, live_rows)

    def _go_on(self, start: FrozenVectors, live_rows: Rows) -> None:
        self._seals, self._sealed_ms, self._next_row = start.seals, start.sealed_ms, start.next_row
        self._parts = [Part.thaw(part, live_rows) for part in start.parts]
        by_store = {id(part.store): part for part in self._parts}
        for planned, built in zip(start.pending, start.builds, strict=True):
            self._start(planned, tuple(by_store[id(store)] for store in planned.taken), built)

    def append(self, slot: int, sku: str, vector: Half, code: CodeBytes, time_ms: int) -> int:
        """Adds the newest row of a SKU, not shown yet; returns its number. The older one was buried before.

        `code`: of the vector, (dim,). `time_ms`: LogAppendTime of its record, the log's own clock.
        """
        head = self._open_head(time_ms)
        at = head.count
        row = head.append(sku, vector, code)
        self._parts[-1].put(at, slot)
        self._next_row = row + 1
        return row

    def bury(self, row: int) -> None:
        """The row is no longer the newest of its SKU."""
        part = self._part(row)
        part.bury(part.store.position(row))

    def show(self, row: int, shown: bool) -> None:
        """Whether searches may find the row."""
        part = self._part(row)
        part.show(part.store.position(row), shown)

    def half(self, row: int) -> bytes:
        """One vector as the log holds it: little-endian fp16."""
        store = self._part(row).store
        return bytes(store.vectors[store.position(row)].astype("<f2", copy=False).data)

    def freeze(self) -> FrozenVectors:
        return FrozenVectors(
            self._dim,
            self._pacing,
            tuple(part.freeze() for part in self._parts),
            self._seals,
            self._sealed_ms,
            self._next_row,
            tuple(pending.planned for pending in self._pending),
            tuple(pending.built for pending in self._pending),
        )

    @property
    def room(self) -> int:
        """Rows that can be appended before a head is sealed, which may have to wait for a merge."""
        head = self._parts[-1].store.head if self._parts else None
        return 0 if head is None else head.room

    @property
    def builder_cpu_s(self) -> float:
        return self._builder.cpu_s

    def merge_all(self) -> None:
        """For measurements: all into one graph now, as no log would do it; the shard's lineage ends with it."""
        for pending in list(self._pending):
            self._install(pending)
        parts = tuple(part for part in self._parts if part.count)
        kept = tuple(part.live[: part.count].copy() for part in parts)
        if any(one.any() for one in kept):
            self._parts = list(parts)
            stores = tuple(part.store for part in parts)
            self._start(Planned(stores, kept, stores[0].segment is not None, True, self._seals, self._seals), parts)
            self._install(self._pending[0])

    def structure_digest(self) -> int:
        """128 bits over parts, dead marks, seals and merges under way: equal in one lineage at equal offsets."""
        digest = xxhash.xxh3_128(f"{self._seals} {self._sealed_ms} {self._next_row}".encode())
        for part in self._parts:
            name = part.store.segment.name if part.store.segment else "head"
            digest.update(f"{name} {part.store.first_row} {part.count}".encode())
            digest.update(np.packbits(part.live[: part.count]).data)
        for planned in (pending.planned for pending in self._pending):
            rows = [int(np.count_nonzero(kept)) for kept in planned.kept]
            digest.update(f"{planned.begun} {planned.due} {planned.of_base} {rows}".encode())
        return digest.intdigest()

    def _part(self, row: int) -> Part:
        for part in reversed(self._parts):
            if part.store.first_row <= row:
                return part
        raise KeyError(row)

    def _open_head(self, time_ms: int) -> Head:
        """The head that takes the next row. A full one is sealed only now: all marks of its rows are set."""
        head = self._parts[-1].store.head if self._parts else None
        if head is not None and not head.full:
            return head
        if head is not None:
            self._seal(time_ms)
        new = Head.after(head, self._dim, self._pacing.head_rows, self._next_row)
        self._parts.append(Part.of_head(new))
        return new

    def _seal(self, time_ms: int) -> None:
        self._seals += 1
        rate = self._pacing.rows_per_s(time_ms - self._sealed_ms)
        self._sealed_ms = time_ms
        for pending in [one for one in self._pending if one.planned.due <= self._seals]:
            self._install(pending)
        self._hurry()
        base = self._parts[0] if self._parts[0].store.segment else None
        if not any(pending.planned.of_base for pending in self._pending):
            self._extend_base(base, rate)
        if all(pending.planned.of_base for pending in self._pending):
            self._gather_heads(base, rate)

    def _extend_base(self, base: Part | None, rate: float) -> None:
        """Starts a merge of the base with what follows it, when that is enough."""
        free = _free(self._parts[0 if base is None else 1 :])
        waiting = sum(int(np.count_nonzero(part.live)) for part in free)  # of a hot SKU all but one are dead
        if waiting >= self._pacing.waiting(base.count if base else 0, rate):
            self._begin(base, free, rate, of_base=True)

    def _gather_heads(self, base: Part | None, rate: float) -> None:
        """Starts a merge of the sealed heads that wait, into the small segment before them, when they are too many."""
        heads = [part for part in self._parts if part.store.head and not part.merging]
        if len(heads) < WAITING_HEADS_MAX:
            return
        at = self._parts.index(heads[0])
        before = self._parts[at - 1] if at else None
        small = before is not None and before is not base and before.store.segment is not None and not before.merging
        grown = before if small else None
        self._begin(grown, heads, rate, of_base=False)

    def _begin(self, grown: Part | None, added: Sequence[Part], rate: float, *, of_base: bool) -> None:
        taken = (*([grown] if grown else []), *added)
        kept = tuple(part.live[: part.count].copy() for part in taken)
        margin = MARGIN
        if grown is not None and grown.store.segment is not None:
            dropped = grown.store.segment.dropped
            linked, dead = grown.count - dropped, int(np.count_nonzero(~kept[0])) - dropped
            if dead <= DEAD_SHARE * linked:
                kept[0][:] = True
            elif dropped + dead >= REBUILT_SHARE * linked:
                grown, margin = None, REBUILD_MARGIN
                self.figures.rebuilds += 1
            else:
                self.figures.repairs += 1
        if not any(one.any() for one in kept):
            self._parts = [part for part in self._parts if part not in taken]
            return
        new = sum(int(np.count_nonzero(one)) for one in kept[grown is not None :])
        size = new + (grown.count if grown is not None else 0)
        due = self._seals + self._pacing.seals(new, size, rate, margin)
        stores = tuple(part.store for part in taken)
        self._start(Planned(stores, kept, grown is not None, of_base, self._seals, due), taken)

    def _start(self, planned: Planned, taken: tuple[Part, ...], built: Built | None = None) -> None:
        """`built`: what comes of it, where that is known already."""
        for part in taken:
            part.merging = True
        self._pending.append(Pending(planned, taken, built or self._builder.start(self._job(planned, taken))))
        self._hurry()

    def _job(self, planned: Planned, taken: tuple[Part, ...]) -> Merge:
        sources = [part.source(kept) for part, kept in zip(taken, planned.kept, strict=True)]
        base = sources.pop(0) if planned.extends else None
        assert base is None or isinstance(base, FromSegment)
        folder = self._folder / str(self._started)  # its own, because two segments may have equal files
        folder.mkdir()
        self._started += 1
        return Merge(folder, self._dim, self._pacing.recall, base, tuple(sources))

    def _hurry(self) -> None:
        """Builds of which half the time is over, or that are installed at the next seal, are no longer nice."""
        for pending in self._pending:
            begun, due = pending.planned.begun, pending.planned.due
            if due - self._seals <= max(1, (due - begun) // 2):
                pending.built.hurry()

    def _install(self, pending: Pending) -> None:
        segment = self._awaited(pending.built)
        self._count(pending.planned)
        pairs = list(zip(pending.parts, pending.planned.rows, strict=True))
        store = Store(segment, None, np.concatenate([part.store.slots[: len(rows)][rows] for part, rows in pairs]))
        if not isinstance(pending.built, Finished):  # its files are a snapshot's
            store.remove_at_end()
        live = np.concatenate([part.live[: len(rows)][rows] for part, rows in pairs])
        shown = np.concatenate([part.shown[: len(rows)][rows] for part, rows in pairs])
        at = self._parts.index(pending.parts[0])
        self._parts[at : at + len(pairs)] = [Part(store, live, shown)]
        self._pending.remove(pending)

    def _awaited(self, built: Built) -> Segment:
        if built.done:
            return built.result()
        figures = self.figures
        figures.waiting_since_s = time.monotonic()
        segment = built.result()
        waited_s, figures.waiting_since_s = figures.waiting_s, None
        figures.waits += 1
        figures.waited_s += waited_s
        figures.longest_wait_s = max(figures.longest_wait_s, waited_s)
        return segment

    def _count(self, planned: Planned) -> None:
        self.figures.merges += 1
        self.figures.rows_built += sum(int(np.count_nonzero(kept)) for kept in planned.kept[planned.grown :])


def _free(parts: Sequence[Part]) -> list[Part]:
    """Those from the first on that no merge has taken; all of them are sealed."""
    free = []
    for part in parts:
        if part.merging:
            break
        free.append(part)
    return free
