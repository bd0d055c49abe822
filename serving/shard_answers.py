"""What a shard process answers, beside what the storefront sees of it (`schemas.search`)."""

from typing import Literal

from pydantic import BaseModel

from schemas.digests import Checkpoints, Scrubbed
from schemas.records import Offer, OrderField
from schemas.search import Hit, ShardState
from schemas.stored import InStore


class SkuOnShard(BaseModel):
    """What a shard knows of a SKU."""

    hit: Hit | None
    deleted: bool = False
    waiting: Literal["document", "offer"] | None = None
    """`document`: the encoder is not done with it yet; `offer`: no price and stock yet."""
    state: ShardState


class Seen(BaseModel):
    """What a shard has seen of one event; times in ms since 1970, null when not yet or too long ago."""

    content_order: OrderField | None = None
    offer_order: OrderField | None = None
    live_since: OrderField | None = None
    """Order of the event that created the product."""
    embedded_ms: int | None = None
    content_searchable_ms: int | None = None
    offer_searchable_ms: int | None = None
    title: str | None = None
    """As it is shown now, and the offer too; null when the product is not shown."""
    offer: Offer | None = None


class SeenAnswer(BaseModel):
    seen: list[Seen]
    state: ShardState


class LiveFrom(BaseModel):
    """Offsets from which on the digests of a replica are those of any other."""

    documents: int
    offers: int


class ShardOnProcess(BaseModel):
    """One partition of one replica, as its process reports it."""

    state: ShardState
    rows: int = 0
    visible: int = 0
    held_offers: int = 0
    ready: bool = False
    encoder: str = ""
    dim: int = 0
    applied_records: int = 0
    digest_documents: str = ""
    """32 hex digits over the newest document per SKU, at `state`."""
    digest_offers: str = ""
    checkpoints: Checkpoints = Checkpoints()
    live_from: LiveFrom | None = None
    """Null while it is catching up."""
    scrub: Scrubbed | None = None
    """Null until the first one is done."""
    in_store: InStore | None = None
    """Null until a snapshot was sent to the store, or where there is none."""


class StateAnswer(BaseModel):
    shards: list[ShardOnProcess]
