"""A product as a shard serves it, and which state of the shard that was."""

from pydantic import Field

from schemas.grouping import Group
from schemas.read_token import Offsets
from schemas.records import Content, Offer, OrderField
from schemas.strict import Strict


class Hit(Strict):
    """One product as the shard serves it."""

    sku: str
    relevance: float | None = None
    """What it is ranked by, 0..1, from words and meaning (docs/search.md); null where nothing was searched for."""
    words: float | None = None
    """How well it holds the query's words: comparable within one answer; null: not among the best by words."""
    score: float | None = None
    """Cosine of query and product, -1..1; null: not among the nearest, or there was no query vector."""
    affinity: float | None = None
    """Cosine of session and product, -1..1; null without a session, or too far down to be re-ranked."""
    fit: float | None = None
    """How well it fits what the query wishes beside its meaning: its score counts so many times. Null when nothing is
    wished, or too far down to be looked at."""
    content: Content
    offer: Offer | None = None
    """Null while price and stock are not here yet."""
    in_stock: bool = False
    """Whether it can be bought now."""
    group: Group | None = None
    """What it is grouped by; null without `group_by`, and where it has none: then it is a group of its own."""
    highlights: dict[str, str] = Field(default_factory=dict)  # `{}` is copied deeply for each hit
    """By field HTML with the query's words lit up; empty unless it was asked for."""
    content_order: OrderField
    """Order of the event that made the content: at or past an event's order means that event is seen."""
    offer_order: OrderField | None = None


class ShardState(Strict):
    """Which state of one shard answered."""

    partition: int
    replica: int
    lineage: str
    """Names one life of the shard: a new one begins when it is built from the log again."""
    documents_offset: int
    """Next offset of `documents` that this state does not hold yet."""
    offers_offset: int

    @property
    def offsets(self) -> Offsets:
        return Offsets(self.documents_offset, self.offers_offset)
