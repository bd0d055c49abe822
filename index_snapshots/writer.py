"""The writer of a shard: keeps the newest document and offer per SKU and publishes a view after each batch."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from index_snapshots.bodies import Bodies
from index_snapshots.builder import Builder
from index_snapshots.codes import CodeBytes, code_bytes
from index_snapshots.columns import NO_CODE, NO_NUMBER, NO_OFFER, NO_ROW, Columns
from index_snapshots.facets import Facets
from index_snapshots.filters import Masks
from index_snapshots.guards import GUARDS, Guards
from index_snapshots.orders import NO_ORDER
from index_snapshots.pacing import Pacing
from index_snapshots.protocol import Change, Counts, DocumentChange, Identity, OfferChange, Offsets, Purge
from index_snapshots.stored import AVAILABILITIES, Vocabulary, document_hash, marks, offer_hash
from index_snapshots.times import Moment, Times
from index_snapshots.vectors import Vectors
from index_snapshots.view import ShardView
from index_snapshots.visibility import Document, OfferMark, visible
from index_snapshots.word_feed import RowChange, WordFeed
from index_snapshots.words import Paths, Words
from schemas.facets import Facets as Declared
from schemas.records import Offer


class ShardWriter:
    """See `protocol.Shard`. `now_ms` only feeds `times`, never the state."""

    def __init__(
        self,
        identity: Identity,
        now_ms: Callable[[], int],
        folder: Path,
        builder: Builder,
        pacing: Pacing = Pacing(),  # noqa: B008  frozen
        start: ShardView | None = None,
        facets: Declared | None = None,
        guards: Guards = GUARDS,
    ) -> None:
        """`folder` takes the files of segments and is emptied first. `start`: a restored state that this shard goes on
        from; it takes over its words.

        `facets` are declared by this process, not by the state: those of a restored state are read from its bodies.
        """
        self.identity = identity
        self._guards = guards
        self.times = Times()
        self._now_ms = now_ms
        self._columns = Columns()
        self._bodies = Bodies()
        self._words_feed: WordFeed | None = None
        self._row_changes: list[RowChange] = []
        self._facets, self._masks = Facets(facets or {}), Masks()
        live_rows = np.empty(0, dtype=np.int64) if start is None else start.live_rows()
        before = None if start is None else start.vectors
        self._vectors = Vectors(identity.dim, folder, builder, pacing, before, live_rows)
        if start is None:
            self._words = Vocabulary([], {}, Words(), Paths(), Words())
            self._documents = self._offers = 0
            self._counts = Counts(0, 0, 0, 0)
            self._view = self._publish(Offsets(0, 0))
        else:
            self._columns.thaw(start.columns)
            self._bodies.thaw(start.bodies)
            self._words = start.words
            self._documents, self._offers = start.sum_documents, start.sum_offers
            self._counts = start.counts
            for slot in np.flatnonzero(start.columns.whole("row") != NO_ROW).tolist() if facets else ():
                self._facets.restore(slot, start.bodies[slot])
            vectors, frozen = self._vectors.freeze(), self._facets.freeze(start.columns.slots)
            self._view = replace(start, vectors=vectors, facets=frozen, masks=self._masks)

    @property
    def view(self) -> ShardView:
        return self._view

    @property
    def room(self) -> int:
        """So many changes can be written without waiting for a merge."""
        return self._vectors.room

    @property
    def structure(self) -> Vectors:
        """Its segments: their digest and what they have cost."""
        return self._vectors

    def feed(self, words: WordFeed) -> None:
        """From now on, before anything more is written, what changes goes to the index of words too."""
        self._words_feed = words

    def write(self, changes: Sequence[Change], offsets: Offsets) -> int:
        coded = _coded(changes)
        changed = [change for change, code in zip(changes, coded, strict=True) if self._one(change, code)]
        self._view = self._publish(offsets)
        if self._words_feed is not None:
            self._words_feed.take(self._row_changes, self._view)
            self._row_changes.clear()
        now_ms = self._now_ms()
        for change in changed:
            if isinstance(change, DocumentChange):
                self.times.note("documents", change.order, Moment(change.timestamp_ms, now_ms))
            elif isinstance(change, OfferChange):
                self.times.note("offers", change.order, Moment(change.timestamp_ms, now_ms))
        return len(changed)

    def _one(self, change: Change, code: CodeBytes | None) -> bool:
        slot = self._words.slot_of.get(change.sku)
        if isinstance(change, Purge):
            return slot is not None and self._purge(change, slot)
        name = "document_order" if isinstance(change, DocumentChange) else "offer_order"
        if slot is not None and self._guards.orders and change.order <= self._columns.get(name, slot):
            return False
        if slot is None:
            slot = self._columns.add()
            self._words.skus.append(change.sku)
            self._words.slot_of[change.sku] = slot
        self._unsettle(slot)
        if isinstance(change, DocumentChange):
            self._document(slot, change, code)
        else:
            self._offer(slot, change)
        self._settle(slot)
        return True

    def _document(self, slot: int, change: DocumentChange, code: CodeBytes | None) -> None:
        self._documents -= self._document_hash(slot)
        old = self._columns.get("row", slot)
        if old != NO_ROW:
            self._vectors.bury(old)
            self._tell_words(old, slot, change.sku, None)
        values = {"document_order": change.order, "row": NO_ROW, "brand": NO_CODE, "category": NO_CODE}
        if change.body is not None and change.vector is not None and code is not None:
            name = change.sku if self._guards.levels else uuid4().hex
            values["row"] = self._vectors.append(slot, name, change.vector, code, change.timestamp_ms)
            self._tell_words(values["row"], slot, change.sku, change.body)
            if change.brand:
                values["brand"] = self._words.brands.code(change.brand)
            if change.category:
                values["category"] = self._words.categories.code(change.category)
        self._bodies.put(slot, change.body)
        self._put(slot, values)
        self._facets.put(slot, change.attributes)
        self._documents += self._document_hash(slot)

    def _tell_words(self, row: int, slot: int, sku: str, body: bytes | None) -> None:
        if self._words_feed is not None:
            self._row_changes.append(RowChange(row, slot, sku, body))

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
        row = self._columns.get("row", slot)
        if row != NO_ROW:
            self._vectors.show(row, shown)
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
        return document_hash(self._columns, self._vectors, self._bodies, self._words.skus, slot)

    def _offer_hash(self, slot: int) -> int:
        return offer_hash(self._columns, self._words.currencies, self._words.skus, slot)

    def _publish(self, offsets: Offsets) -> ShardView:
        return ShardView(
            self.identity,
            offsets,
            self._counts,
            self._columns.freeze(),
            self._vectors.freeze(),
            self._bodies.freeze(),
            self._words,
            self._documents,
            self._offers,
            self._facets.freeze(self._columns.slots),
            self._masks,
        )


def _coded(changes: Sequence[Change]) -> list[CodeBytes | None]:
    """The code of each vector, worked out together."""
    vectors = [change.vector if isinstance(change, DocumentChange) else None for change in changes]
    given = [vector for vector in vectors if vector is not None]
    found = iter(code_bytes(np.stack(given)) if given else ())
    return [None if vector is None else next(found) for vector in vectors]
