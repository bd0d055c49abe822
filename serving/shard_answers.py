"""What a shard process answers, beside what the storefront sees of it (`schemas.hits`)."""

from typing import Literal

from pydantic import BaseModel

from schemas.catalogue_values import CatalogueValues
from schemas.hits import Hit, ShardState
from schemas.records import Offer, OrderField


class SkuOnShard(BaseModel):
    """What a shard knows of a SKU."""

    hit: Hit | None
    deleted: bool = False
    waiting: Literal["document", "offer"] | None = None
    """`document`: the encoder is not done with it yet; `offer`: no price and stock yet."""
    passes: bool | None = None
    """Whether it is shown and passes the filters; null: none were sent."""
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


class VocabularyAnswer(CatalogueValues):
    """`GET /vocabulary`."""

    state: ShardState
