"""The exact shard: keeps the newest document and offer per SKU and publishes a view after each batch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from index_snapshots.columns import (
    CHUNK_ROWS,
    NO_CODE,
    NO_NUMBER,
    NO_OFFER,
    NO_ROW,
    Columns,
)
from index_snapshots.facets import Facets
from index_snapshots.filters import Masks
from index_snapshots.orders import NO_ORDER
from index_snapshots.protocol import Change, Counts, DocumentChange, Identity, OfferChange, Offsets, Purge
from index_snapshots.rows import Rows
from index_snapshots.stored import AVAILABILITIES, Vocabulary, document_hash, marks, offer_hash
from index_snapshots.times import Moment, Times
from index_snapshots.view import ExactView
from index_snapshots.visibility import Document, OfferMark, visible
from index_snapshots.words import Paths, Words
from schemas.facets import FacetKind
from schemas.records import Offer

DEAD_SHARE_MAX: Final = 1 / 3
"""More rows than this dead: the rows are compacted, when the next chunk would begin."""


class ExactShard:
    """See `protocol.Shard`. `now_ms` only feeds `times`, never the state."""

    def __init__(
        self,
        identity: Identity,
        now_ms: Callable[[], int],
        start: ExactView | None = None,
        facets: Mapping[str, FacetKind] | None = None,
    ) -> None:
        """`start`: a restored state that this shard goes on from; it takes over its rows and words.

        `facets` are declared by this process, not by the state: those of a restored state are read from its bodies.
        """
        self.identity = identity
        self.times = Times()
        self._now_ms = now_ms
        self._columns = Columns()
        self._facets, self._masks = Facets(facets or {}), Masks()
        if start is None:
            self._rows = Rows(identity.dim)
            self._words = Vocabulary([], {}, Words(), Paths(), Words())
            self._documents = self._offers = 0
            self._counts = Counts(0, 0, 0, 0)
            self._view = self._publish(Offsets(0, 0))
        else:
            self._columns.thaw(start.columns)
            self._rows = Rows.thaw(start.rows)
            self._words = start.words
            self._documents, self._offers = start.sum_documents, start.sum_offers
            self._counts = start.counts
            for slot, row in enumerate(start.columns.whole("row").tolist() if facets else ()):
                if row != NO_ROW:
                    self._facets.restore(slot, start.rows.bodies[row])
            self._view = replace(start, facets=self._facets.freeze(start.columns.slots), masks=self._masks)

    @property
    def view(self) -> ExactView:
        return self._view

    def write(self, changes: Sequence[Change], offsets: Offsets) -> int:
        changed = [change for change in changes if self._one(change)]
        self._view = self._publish(offsets)
        now_ms = self._now_ms()
        for change in changed:
            if isinstance(change, DocumentChange):
                self.times.note("documents", change.order, Moment(change.timestamp_ms, now_ms))
            elif isinstance(change, OfferChange):
                self.times.note("offers", change.order, Moment(change.timestamp_ms, now_ms))
        return len(changed)

    def _one(self, change: Change) -> bool:
        slot = self._words.slot_of.get(change.sku)
        if isinstance(change, Purge):
            return slot is not None and self._purge(change, slot)
        name = "document_order" if isinstance(change, DocumentChange) else "offer_order"
        if slot is not None and change.order <= self._columns.get(name, slot):
            return False
        if slot is None:
            slot = self._columns.add()
            self._words.skus.append(change.sku)
            self._words.slot_of[change.sku] = slot
        self._unsettle(slot)
        if isinstance(change, DocumentChange):
            self._document(slot, change)
        else:
            self._offer(slot, change)
        self._settle(slot)
        return True

    def _document(self, slot: int, change: DocumentChange) -> None:
        self._documents -= self._document_hash(slot)
        values = {"document_order": change.order, "row": NO_ROW, "brand": NO_CODE, "category": NO_CODE}
        if change.body is not None and change.vector is not None:
            if self._rows.full:
                self._compact(slot)
            values["row"] = self._rows.append(change.vector, change.body)
            if change.brand:
                values["brand"] = self._words.brands.code(change.brand)
            if change.category:
                values["category"] = self._words.categories.code(change.category)
        self._put(slot, values)
        self._facets.put(slot, change.attributes)
        self._documents += self._document_hash(slot)

    def _offer(self, slot: int, change: OfferChange) -> None:
        self._offers -= self._offer_hash(slot)
        values = {**NO_OFFER, "offer_order": change.order}
        if change.version is not None:
            values["version"] = change.version
        if change.offer is not None:
            values |= {"offer_live": True, "live_since": change.live_since, **self._stated(change.offer)}
        self._put(slot, values)
        self._offers += self._offer_hash(slot)

    def _stated(self, offer: Offer) -> dict[str, Any]:
        price = offer.price
        return {
            "price": float("nan") if price is None else price.amount,
            "currency": NO_CODE if price is None else self._words.currencies.code(price.currency),
            "stock": NO_NUMBER if offer.stock is None else offer.stock,
            "availability": NO_CODE if offer.availability is None else AVAILABILITIES.index(offer.availability),
            "in_stock": offer.in_stock,
        }

    def _purge(self, change: Purge, slot: int) -> bool:
        document, offer = marks(self._columns, slot)
        mark = document if change.topic == "documents" else offer
        if mark is None or mark.live:
            return False
        self._unsettle(slot)
        if change.topic == "documents":
            self._documents -= self._document_hash(slot)
            self._put(slot, {"document_order": NO_ORDER})
        else:
            self._offers -= self._offer_hash(slot)
            self._put(slot, NO_OFFER)
        self._settle(slot)
        return True

    def _put(self, slot: int, values: dict[str, Any]) -> None:
        for name, value in values.items():
            self._columns.put(name, slot, value)

    def _settle(self, slot: int) -> None:
        document, offer = marks(self._columns, slot)
        shown = visible(document, offer)
        self._columns.put("visible", slot, shown)
        self._count(document, offer, shown, +1)

    def _unsettle(self, slot: int) -> None:
        """Takes one SKU out of the counts, before it changes."""
        document, offer = marks(self._columns, slot)
        self._count(document, offer, self._columns.get("visible", slot), -1)

    def _count(self, document: Document | None, offer: OfferMark | None, shown: bool, sign: int) -> None:
        live = document is not None and document.live
        self._counts = Counts(
            self._counts.skus + sign * (document is not None or offer is not None),
            self._counts.rows + sign * live,
            self._counts.visible + sign * shown,
            self._counts.held_offers + sign * (offer is not None and offer.live and not live),
        )

    def _document_hash(self, slot: int) -> int:
        return document_hash(self._columns, self._rows, self._words.skus, slot)

    def _offer_hash(self, slot: int) -> int:
        return offer_hash(self._columns, self._words.currencies, self._words.skus, slot)

    def _compact(self, replaced: int) -> None:
        """Copies the live rows together when too many are dead; the row of the SKU being replaced is dead too.

        It is asked only when a chunk is full, so when it happens follows from the log, not from the batches.
        """
        if self._rows.count - self._counts.rows <= self._rows.count * DEAD_SHARE_MAX:
            return
        row_of = self._columns.freeze().whole("row").copy()
        row_of[replaced] = NO_ROW
        live = np.flatnonzero(row_of != NO_ROW)
        live = live[np.argsort(row_of[live])]
        old, new = self._rows.freeze(), Rows(self.identity.dim)
        for start in range(0, len(live), CHUNK_ROWS):
            part = row_of[live[start : start + CHUNK_ROWS]]
            new.extend(old.gather(part), [old.bodies[row] for row in part.tolist()])
        row_of[live] = np.arange(len(live))
        self._columns.replace("row", row_of)
        self._rows = new

    def _publish(self, offsets: Offsets) -> ExactView:
        return ExactView(
            self.identity,
            offsets,
            self._counts,
            self._columns.freeze(),
            self._rows.freeze(),
            self._words,
            self._documents,
            self._offers,
            self._facets.freeze(self._columns.slots),
            self._masks,
        )
