"""What a shard promises: records in, immutable views out. Every engine (exact, FAISS) stands behind this."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from schemas.errors import InvalidEvent
from schemas.filters import Filters
from schemas.hits import Hit
from schemas.records import DocumentRecord, Offer, OfferRecord, Order
from schemas.wishes import Wishes

Topic = Literal["documents", "offers"]
Half = npt.NDArray[np.float16]
"""A vector as the log holds it: fp16, shape (dim,), length 1 before rounding."""


class ShardRecord(NamedTuple):
    """One record of `documents` or `offers`, read."""

    topic: Topic
    offset: int
    sku: str
    timestamp_ms: int
    """LogAppendTime, ms since 1970."""
    value: DocumentRecord | OfferRecord | InvalidEvent | None
    """None purges a remembered delete; InvalidEvent says why the bytes could not be read."""


class DocumentChange(NamedTuple):
    """A checked document; a delete has no body and no vector."""

    sku: str
    order: int
    timestamp_ms: int
    body: bytes | None = None
    """JSON of the content, as it is shown."""
    brand: str = ""
    category: tuple[str, ...] = ()
    vector: Half | None = None
    attributes: Mapping[str, Any] | None = None
    """All of the content's; the shard takes those that are declared as facets."""


class OfferChange(NamedTuple):
    """A checked offer; a delete has no offer."""

    sku: str
    order: int
    timestamp_ms: int
    offer: Offer | None
    version: int | None
    live_since: int


class Purge(NamedTuple):
    """Forget a delete: by now no older record of the SKU can come."""

    topic: Topic
    sku: str


Change = DocumentChange | OfferChange | Purge


class Offsets(NamedTuple):
    """The next offset of each topic that a state does not hold yet."""

    documents: int
    offers: int


@dataclass(frozen=True)
class Identity:
    """What a shard is a shard of. Shards with different identities are never compared."""

    partition: int
    lineage: str
    """Names (base snapshot, log after it): within one, equal offsets mean equal bytes."""
    encoder: str
    dim: int


@dataclass(frozen=True)
class Counts:
    """Rows of one state, by kind."""

    skus: int
    """SKUs with any remembered record."""
    rows: int
    """SKUs with a live document."""
    visible: int
    held_offers: int
    """Live offers whose live document has not come."""


class Found(NamedTuple):
    sku: str
    slot: int
    """Where the view keeps this SKU; means nothing in another view."""
    score: float | None
    """Cosine, -1..1; None when there was no query vector."""
    affinity: float | None = None
    """Cosine with the session's vector; None without one and outside the window."""
    fit: float | None = None
    """How well it fits what is wished; None without wishes and outside the window."""


class Leaning(NamedTuple):
    """A session's vector and how much it counts."""

    vector: Half
    strength: float


class Matches(NamedTuple):
    found: list[Found]
    """Best first, ties by SKU; without a vector newest content first."""
    matching: int
    """Products that pass the filters, exactly."""


class Lookup(NamedTuple):
    """One SKU as a view serves it."""

    hit: Hit | None
    deleted: bool
    waiting: Literal["document", "offer"] | None
    """What has not come yet, though the other of the two has."""
    content_order: Order | None
    """Order of the newest document, shown or not, delete or not."""
    offer_order: Order | None
    live_since: Order | None = None
    """Order of the event that created or re-created the product; None when deleted or not known."""


class View(Protocol):
    """One point in time of one shard. Immutable, thread-safe, takes no lock."""

    @property
    def identity(self) -> Identity: ...
    @property
    def offsets(self) -> Offsets: ...
    @property
    def counts(self) -> Counts: ...
    @property
    def digest_documents(self) -> str:
        """32 hex digits over the newest document per SKU, deletes included. Equal offsets, equal digests."""

    @property
    def digest_offers(self) -> str: ...

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
        """At most `limit`, or `depth` if that is more, visible products that pass the filters. Never fewer than exist.

        The recall that is asked of a shard holds for the first `limit`; what follows may lack one in thirty.

        Raises InvalidRequest for filters by attributes that are not declared so (`schemas.facets.check_filters`).
        With `wishes` in the order of `schemas.wishes.rank_key`: whatever the limit, the first hits are the same. With
        `leaning` the best tell their affinity. `also`: slots of products that pass, which are compared whatever the
        vectors' index finds.
        Raises InvalidRequest("bad_vector") when a vector is not fp16 of shape (dim,) and length 1.
        """

    def hit_parts(self, found: Sequence[Found]) -> list[dict[str, Any]]:
        """What `orjson.dumps` writes as one `Hit` each, in the order given; `found` is of this view."""

    def lookup(self, sku: str) -> Lookup: ...
    def vector(self, sku: str) -> bytes | None:
        """Little-endian fp16, shape (dim,); None when the product is not shown."""

    @property
    def slots(self) -> int:
        """For `scrub.Scrub`, as the two below."""

    def document_hash(self, slot: int) -> int: ...
    def offer_hash(self, slot: int) -> int: ...
    def scrub(self) -> bool:
        """Recomputes both digests from what is stored; False: memory or disk has changed under us."""

    def states(self) -> npt.NDArray[Any]:
        """Every remembered SKU, shape (n,), dtype `columns.STATE`, ordered by SKU; for snapshots."""

    def names(self) -> dict[str, Any]:
        """The words the codes in `states` stand for, and the SKUs in their order."""


class Shard(Protocol):
    """The writer of one partition. One thread writes; any thread reads `view`."""

    @property
    def view(self) -> View:
        """The newest published state."""

    def write(self, changes: Sequence[Change], offsets: Offsets) -> int:
        """Applies checked changes and publishes one view at `offsets`; returns how many changed anything.

        The newest order per SKU and topic wins, whatever the arrival; an equal order changes nothing.
        The cost follows from the number of changes, not of rows.
        """
