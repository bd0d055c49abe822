"""Columns of numbers per SKU in copy-on-write chunks: a frozen copy costs what was changed, not what there is."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from index_snapshots.orders import NO_ORDER

CHUNK_ROWS: Final = 4096
FEW_SHARE: Final = 200
"""Of one slot in so many, values are read one by one (measured): so many in all that are read of one view, search by
search, since what is joined serves all of them."""
NO_ROW: Final = -1
NO_CODE: Final = -1
NO_NUMBER: Final = np.iinfo(np.int64).min
"""Stands for a stock or version that was not given."""

STATE: Final = np.dtype(
    [
        ("document_order", "<i8"),  # NO_ORDER: no document
        ("row", "<i8"),  # of the vector and the body; NO_ROW: no live document
        ("brand", "<i4"),
        ("category", "<i4"),
        ("offer_order", "<i8"),  # NO_ORDER: no offer
        ("offer_live", "?"),
        ("live_since", "<i8"),
        ("version", "<i8"),
        ("price", "<f8"),  # NaN: none
        ("currency", "<i4"),
        ("stock", "<i8"),
        ("availability", "<i4"),
        ("in_stock", "?"),
        ("visible", "?"),
    ]
)
"""All that is known of one SKU besides its vector, its body and its name."""
EMPTY: Final[dict[str, Any]] = {
    "document_order": NO_ORDER,
    "row": NO_ROW,
    "brand": NO_CODE,
    "category": NO_CODE,
    "offer_order": NO_ORDER,
    "offer_live": False,
    "live_since": NO_ORDER,
    "version": NO_NUMBER,
    "price": float("nan"),
    "currency": NO_CODE,
    "stock": NO_NUMBER,
    "availability": NO_CODE,
    "in_stock": False,
    "visible": False,
}
OFFER_COLUMNS: Final = (
    "offer_order",
    "offer_live",
    "live_since",
    "version",
    "price",
    "currency",
    "stock",
    "availability",
    "in_stock",
)
BLANK: Final[dict[str, Any]] = {name: np.full(CHUNK_ROWS, EMPTY[name], STATE[name]) for name in EMPTY}
"""Chunks that nothing was written to: one for all, so that a column that no product uses takes no memory."""
for _blank in BLANK.values():
    _blank.flags.writeable = False
NO_OFFER: Final = {name: EMPTY[name] for name in OFFER_COLUMNS}

Column = npt.NDArray[Any]


class FrozenColumns:
    """The columns at one point in time. Immutable."""

    def __init__(self, chunks: dict[str, tuple[Column, ...]], slots: int) -> None:
        self.chunks = chunks
        self._whole: dict[str, Column] = {}
        self._read: dict[str, int] = {}
        """Values that were read one by one. Threads may lose some of what others count."""
        self.slots = slots

    def get(self, name: str, slot: int) -> Any:
        return self.chunks[name][slot // CHUNK_ROWS].item(slot % CHUNK_ROWS)

    @classmethod
    def of(cls, states: npt.NDArray[Any]) -> "FrozenColumns":
        """From states (n,), dtype STATE, one slot each."""
        return cls({name: tuple(_chunked(name, states[name])) for name in STATE.fields or ()}, len(states))

    def at(self, name: str, slots: npt.NDArray[np.int64]) -> Column:
        """The values of these slots, (len(slots),); of few it costs less than `whole`."""
        if name not in self._whole:
            self._read[name] = read = self._read.get(name, 0) + len(slots)
            if read * FEW_SHARE <= self.slots:
                return self._one_by_one(name, slots)
        return np.asarray(self.whole(name)[slots])

    def _one_by_one(self, name: str, slots: npt.NDArray[np.int64]) -> Column:
        chunks = self.chunks[name]
        values = [chunks[slot // CHUNK_ROWS].item(slot % CHUNK_ROWS) for slot in slots.tolist()]
        return np.array(values, dtype=STATE[name])

    def whole(self, name: str) -> Column:
        """The column in one piece, shape (slots,); joined once per view, by whichever thread asks first."""
        found = self._whole.get(name)
        if found is None:
            chunks = self.chunks[name]
            joined = np.concatenate(chunks) if chunks else np.empty(0, dtype=STATE[name])
            found = self._whole[name] = joined[: self.slots]
        return found


class Columns:
    """The writer's columns. One thread only."""

    def __init__(self) -> None:
        self._chunks: dict[str, list[Column]] = {name: [] for name in STATE.fields or ()}
        self._own: dict[str, set[int]] = {name: set() for name in self._chunks}
        """Chunks that no frozen copy has."""
        self._frozen: dict[str, tuple[Column, ...]] = dict.fromkeys(self._chunks, ())
        """As of the last freeze; a column that is missing has changed since."""
        self.slots = 0

    def add(self) -> int:
        """A new slot that knows nothing yet."""
        if self.slots % CHUNK_ROWS == 0:
            for name, chunks in self._chunks.items():
                chunks.append(BLANK[name])
                self._frozen.pop(name, None)
        self.slots += 1
        return self.slots - 1

    def thaw(self, frozen: FrozenColumns) -> None:
        """Goes on from a frozen copy; what is changed is copied first."""
        for name, chunks in self._chunks.items():
            chunks[:] = frozen.chunks[name]
            self._own[name].clear()
            self._frozen[name] = frozen.chunks[name]
        self.slots = frozen.slots

    def get(self, name: str, slot: int) -> Any:
        return self._chunks[name][slot // CHUNK_ROWS].item(slot % CHUNK_ROWS)

    def put(self, name: str, slot: int, value: object) -> None:
        at = slot // CHUNK_ROWS
        chunks = self._chunks[name]
        if chunks[at].item(slot % CHUNK_ROWS) == value:  # what does not change needs no copy
            return
        own = self._own[name]
        if at not in own:
            chunks[at] = _copy(chunks[at])
            own.add(at)
            self._frozen.pop(name, None)
        chunks[at][slot % CHUNK_ROWS] = value

    def freeze(self) -> FrozenColumns:
        """Costs what was changed since the last time, not what there is."""
        for name, chunks in self._chunks.items():
            if name not in self._frozen:
                self._frozen[name] = tuple(chunks)
                self._own[name].clear()
        return FrozenColumns(self._frozen.copy(), self.slots)


def _copy(chunk: Column) -> Column:
    """`chunk.copy()` would give up the interpreter for two microseconds' work, and get it back much later where
    threads search."""
    return np.frombuffer(bytearray(chunk.data), dtype=chunk.dtype)


def _chunked(name: str, values: Column) -> list[Column]:
    chunks = []
    for start in range(0, len(values), CHUNK_ROWS):
        part = values[start : start + CHUNK_ROWS]
        chunk = BLANK[name].copy()
        chunk[: len(part)] = part
        chunks.append(BLANK[name] if chunk.tobytes() == BLANK[name].tobytes() else chunk)
    return chunks
