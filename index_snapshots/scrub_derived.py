"""What is kept beside the records to be quick must follow from them; no digest covers it, so a scrub compares it."""

from bisect import bisect_right
from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson

from index_snapshots.columns import NO_CODE, NO_ROW
from index_snapshots.facets import holds
from index_snapshots.stored import marks, offer_at
from index_snapshots.view import ShardView
from index_snapshots.visibility import visible
from schemas.digests import Digest


class Derived:
    """Of one view, slot by slot. Raises whatever a changed number leads to."""

    def __init__(self, view: ShardView) -> None:
        self._view = view
        self._firsts = [part.store.first_row for part in view.vectors.parts]

    def wrong(self, slot: int) -> Digest | None:
        """Which side of a SKU is not what its records say."""
        row = self._view.columns.get("row", slot)
        body = orjson.loads(self._view.bodies[slot]) if row != NO_ROW else {}
        if not self._facets(slot, body.get("attributes") or {}):
            return "documents"
        if row != NO_ROW and not (self._labels(slot, body) and self._place(row, slot)):
            return "documents"
        return None if self._offer(slot) else "offers"

    def extra_rows(self) -> bool:
        """Whether searches may find another number of rows than there are products: a dead row that came back, say."""
        shown = sum(int(np.bitwise_count(part.bits).sum()) for part in self._view.vectors.parts)
        return shown != self._view.counts.visible

    def _facets(self, slot: int, attributes: Mapping[str, Any]) -> bool:
        """Declared attributes, against the body; of a deleted product there are none."""
        return all(holds(facet, slot, attributes.get(name)) for name, facet in self._view.facets.items())

    def _labels(self, slot: int, body: Mapping[str, Any]) -> bool:
        """What filters compare, against the body."""
        get, words = self._view.columns.get, self._view.words
        brand, category = get("brand", slot), get("category", slot)
        stated = "" if brand == NO_CODE else words.brands.words[brand]
        path = () if category == NO_CODE else words.categories.paths[category]
        return stated == (body.get("brand") or "") and path == tuple(body.get("category") or ())

    def _place(self, row: int, slot: int) -> bool:
        """Whose row it is, by what it is found, and whether."""
        part = self._view.vectors.parts[bisect_right(self._firsts, row) - 1]
        at = part.store.position(row)
        head = part.store.head
        if head is not None and not head.derived(self._view.words.skus[slot], at):
            return False
        shown = bool(part.bits[at // 8] >> at % 8 & 1)
        return bool(part.store.slots[at] == slot) and shown == self._view.columns.get("visible", slot)

    def _offer(self, slot: int) -> bool:
        columns = self._view.columns
        offer = offer_at(columns, self._view.words.currencies, slot)
        in_stock, shown = bool(columns.get("in_stock", slot)), bool(columns.get("visible", slot))
        return in_stock == bool(offer and offer.in_stock) and shown == visible(*marks(columns, slot))
