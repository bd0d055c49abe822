"""One point in time of a shard: everything a search, a lookup, a scrub or a snapshot needs, pinned."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from index_snapshots import digests
from index_snapshots.bodies import FrozenBodies
from index_snapshots.columns import NO_ROW, FrozenColumns
from index_snapshots.facets import FrozenFacets
from index_snapshots.filters import Filtering, Mask, Masks
from index_snapshots.fits import fits
from index_snapshots.gentle import Rest, no_rest
from index_snapshots.hits import hit_at, hit_parts
from index_snapshots.nearest import FrozenVectors, Nearest, Wide
from index_snapshots.orders import unpack
from index_snapshots.protocol import Counts, Found, Half, Identity, Leaning, Lookup, Matches, Offsets
from index_snapshots.scrub import scrub
from index_snapshots.search import Slots, at_least, place
from index_snapshots.stored import Vocabulary, document_hash, marks, offer_hash
from index_snapshots.stored_state import StoredState
from index_snapshots.visibility import deleted, visible
from schemas.errors import InvalidRequest
from schemas.filters import Filters
from schemas.personal import RERANK_WINDOW
from schemas.records import is_unit
from schemas.wishes import WISHES_WINDOW, Wishes, rank_key

MISSED_HITS: Final = 256
"""Where a product that words found is nearer than half of a graph's, the graph has missed what is near: it is searched
again as for so many hits, and looks at twice as many neighbours. Of queries for what the shop sells a seventh is, of
those for something else nearly half (docs/adr/0015)."""
MANY: Final = 64
"""Fewer are sorted as they are; of more only those that can be among the best."""


@dataclass(frozen=True)
class ShardView:
    """See `protocol.View`."""

    identity: Identity
    offsets: Offsets
    counts: Counts
    columns: FrozenColumns
    vectors: FrozenVectors
    bodies: FrozenBodies
    words: Vocabulary
    sum_documents: int
    sum_offers: int
    facets: FrozenFacets = field(default_factory=dict)
    masks: Masks = field(default_factory=Masks)

    @cached_property
    def filters(self) -> Filtering:
        return Filtering(self.columns, self.facets, self.words, self.masks)

    @property
    def digest_documents(self) -> str:
        return digests.hexadecimal(self.sum_documents)

    @property
    def digest_offers(self) -> str:
        return digests.hexadecimal(self.sum_offers)

    def search(
        self,
        vector: Half | None,
        limit: int,
        filters: Filters,
        leaning: Leaning | None = None,
        wishes: Wishes | None = None,
        depth: int = 0,
        also: Sequence[int] = (),
    ) -> Matches:
        hits, limit = limit, max(limit, depth)
        all_are_few = self.counts.visible <= self.vectors.pacing.exact_max
        mask = self.filters.mask(filters) if vector is None or all_are_few or not filters.empty else None
        count = self.counts.visible if mask is None else mask.count
        if vector is None:
            return Matches([] if mask is None else self.newest(mask.slots(), limit), count)
        query = _checked(vector, self.identity.dim)
        wanted = max(limit, RERANK_WINDOW if leaning else 0, WISHES_WINDOW if wishes else 0)
        ranked = self._nearest(query, wanted, mask, hits, also)
        if wishes is not None:
            ranked = self._fitting(ranked, wishes)
            ranked.sort(key=lambda one: rank_key(one.sku, one.score, one.fit, wished=True))
        if leaning is not None:
            ranked = self._leaning(ranked, leaning)
        return Matches(ranked[:limit], count)

    def _nearest(self, query: Wide, limit: int, mask: Mask | None, hits: int, also: Sequence[int]) -> list[Found]:
        """At most `limit`, best first; `mask`: what passes the filters, None: all that is visible."""
        count = self.counts.visible if mask is None else mask.count
        if mask is not None and count <= self.vectors.pacing.exact_max:
            slots = mask.slots()
            return self._ranked(Nearest(slots, self.vectors.exact(query, self.columns.at("row", slots))), limit)
        near = self.vectors.near(query, limit, mask, self.counts.visible, hits)
        if len(near.slots) < min(limit, count):  # a graph was left before it had led to enough rows that count
            near, also = self.vectors.near(query, limit, mask, self.counts.visible, hits, scan=True), ()
        if not also:
            return self._ranked(near, limit)
        missed = self._missed(query, also, near)
        if len(missed.slots) and missed.scores.max() > place(near.scores, max(1, min(limit, count) // 2)):
            near = self.vectors.near(query, limit, mask, self.counts.visible, MISSED_HITS)
            missed = self._missed(query, also, near)
        return self._ranked(near.beside(missed), limit)

    def _missed(self, query: Wide, also: Sequence[int], near: Nearest) -> Nearest:
        """Those of `also` that are not among the nearest that were found."""
        found = set(near.slots.tolist())
        slots = np.array([slot for slot in also if slot not in found], dtype=np.int64)
        return Nearest(slots, np.vecdot(self.vectors.gather(self.columns.at("row", slots)), query))

    def _ranked(self, near: Nearest, limit: int) -> list[Found]:
        scores, slots, skus = near.scores, near.slots, self.words.skus
        if len(slots) > MANY:
            kept = at_least(scores, limit)
            scores, slots = scores[kept], slots[kept]
        best = [(-score, skus[slot], slot) for score, slot in zip(scores.tolist(), slots.tolist(), strict=True)]
        best.sort()
        return [Found(sku, slot, -score) for score, sku, slot in best[:limit]]

    def _leaning(self, found: list[Found], leaning: Leaning) -> list[Found]:
        """The same, the best with their affinity to the session."""
        window = found[:RERANK_WINDOW]
        near = self.affinities([one.slot for one in window], leaning)
        leaned = [one._replace(affinity=affinity) for one, affinity in zip(window, near, strict=True)]
        return leaned + found[RERANK_WINDOW:]

    def affinities(self, slots: Sequence[int], leaning: Leaning) -> list[float]:
        """Cosines of the session with the products of these slots, which are shown."""
        session = _checked(leaning.vector, self.identity.dim)
        rows = self.columns.at("row", np.array(slots, dtype=np.int64))
        return [float(cosine) for cosine in self.vectors.exact(session, rows)]

    def _fitting(self, found: list[Found], wishes: Wishes) -> list[Found]:
        """The same, the best with how well they fit."""
        window = found[:WISHES_WINDOW]
        fit = fits(wishes, [self.bodies[one.slot] for one in window])
        fitting = [one._replace(fit=value) for one, value in zip(window, fit, strict=True)]
        return fitting + found[WISHES_WINDOW:]

    def newest(self, slots: Slots, limit: int) -> list[Found]:
        """At most `limit` of these products, the newest content first, ties by SKU."""
        orders = self.columns.at("document_order", slots)
        kept = at_least(orders, limit)
        ranked = sorted(
            zip(orders[kept].tolist(), slots[kept].tolist(), strict=True),
            key=lambda one: (-one[0], self.words.skus[one[1]]),
        )
        return [Found(self.words.skus[slot], slot, None) for _, slot in ranked[:limit]]

    def hit_parts(self, found: Sequence[Found]) -> list[dict[str, Any]]:
        return hit_parts(self.columns, self.words, self.bodies.__getitem__, found)

    def lookup(self, sku: str) -> Lookup:
        slot = self.words.slot_of.get(sku)
        if slot is None or slot >= self.columns.slots:
            return Lookup(None, False, None, None, None)
        document, offer = marks(self.columns, slot)
        gone = deleted(document, offer)
        waiting: Literal["document", "offer"] | None = None
        if visible(document, offer):
            waiting = None if offer and offer.live else "offer"
        elif not gone and offer and offer.live:
            waiting = "document"
        return Lookup(
            hit_at(self.columns, self.words, self.bodies.__getitem__, slot) if visible(document, offer) else None,
            gone,
            waiting,
            unpack(document.order) if document else None,
            unpack(offer.order) if offer else None,
            unpack(offer.live_since) if offer and offer.live else None,
        )

    def found(self, sku: str) -> Found | None:
        """A product that is shown, without a query."""
        slot = self.words.slot_of.get(sku, self.columns.slots)
        shown = slot < self.columns.slots and self.columns.get("visible", slot)
        return Found(sku, slot, None) if shown else None

    def shows(self, slots: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Whether the product of each slot, (n,), is shown; of a slot that this view does not know yet it is not."""
        known = slots < self.columns.slots
        known[known] = self.columns.at("visible", slots[known])
        return known

    def vector(self, sku: str) -> bytes | None:
        slot = self.words.slot_of.get(sku)
        if slot is None or slot >= self.columns.slots or not visible(*marks(self.columns, slot)):
            return None
        return self.vectors.half(self.columns.get("row", slot))

    @property
    def slots(self) -> int:
        return self.columns.slots

    def document_hash(self, slot: int) -> int:
        return document_hash(self.columns, self.vectors, self.bodies, self.words.skus, slot)

    def offer_hash(self, slot: int) -> int:
        return offer_hash(self.columns, self.words.currencies, self.words.skus, slot)

    def scrub(self) -> bool:
        return not scrub(self)

    def states(self) -> npt.NDArray[Any]:
        return self.stored().states()

    def names(self) -> dict[str, Any]:
        return self.stored().names()

    def stored(self, rest: Rest = no_rest) -> StoredState:
        """What a snapshot holds beside the vectors; `rest` is called after each piece of that work."""
        return StoredState(self.columns, self.words, self.bodies, rest)

    def live_rows(self) -> npt.NDArray[np.int64]:
        """Numbers of the rows of the live documents, ascending."""
        rows = self.columns.whole("row")
        return np.sort(rows[rows != NO_ROW])


def _checked(vector: Half, dim: int) -> Wide:
    """The same numbers in float64."""
    if vector.dtype != np.float16 or vector.shape != (dim,):
        raise InvalidRequest("bad_vector", f"the vector is {vector.dtype} {vector.shape}; this shard has fp16 ({dim},)")
    wide = vector.astype(np.float64)
    if not is_unit(float(wide @ wide) ** 0.5):
        raise InvalidRequest("bad_vector", "the vector is not finite or not of length 1")
    return wide
