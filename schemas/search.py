"""What a storefront asks and what it gets: requests, filters, hits, and what an answer was made from."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas import limits
from schemas.clicks import Session
from schemas.records import Content, Offer, OrderField

FilterValues = Annotated[list[str], Field(min_length=1, max_length=limits.FILTER_VALUES_MAX)]


class Message(BaseModel):
    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )


class Filters(Message):
    """All that are given must hold; within a list one is enough."""

    brand: FilterValues | None = None
    """One of these."""
    category: Annotated[list[Annotated[list[str], Field(min_length=1)]], Field(min_length=1, max_length=100)] | None = (
        None
    )
    """Paths from the root; a path also matches everything below it."""
    price_min: Annotated[float, Field(ge=0)] | None = None
    price_max: Annotated[float, Field(ge=0)] | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    in_stock: bool | None = None

    @model_validator(mode="after")
    def _range(self) -> "Filters":
        if self.price_min is not None and self.price_max is not None and self.price_min > self.price_max:
            raise ValueError("price_min is greater than price_max")
        return self


class SearchRequest(Message):
    """What is searched."""

    text: Annotated[str, Field(max_length=limits.QUERY_CHARS_MAX)] = ""
    """What is searched. Empty: everything that passes the filters, newest first."""
    limit: Annotated[int, Field(ge=1, le=limits.HITS_MAX)] = 10
    """Hits a page."""
    page: Annotated[int, Field(ge=1)] = 1
    """Which page, from 1; page * limit is at most SEARCH_DEPTH_MAX (1,000)."""
    filters: Filters = Filters()
    session: Session | None = None
    """The session of POST /v1/clicks: what it clicked moves its hits."""
    personalise: bool = True
    """Whether the session moves hits; if not it is only logged."""
    explain: bool = False
    """Adds the time of each stage, where the query vector came from, candidates per shard and scores."""

    @model_validator(mode="after")
    def _depth(self) -> "SearchRequest":
        if self.page * self.limit > limits.SEARCH_DEPTH_MAX:
            raise ValueError(f"page * limit is above {limits.SEARCH_DEPTH_MAX}; narrow the search with filters")
        return self


class Hit(Message):
    """One product as the shard serves it."""

    sku: str
    score: float | None = None
    """Cosine of query and product, -1..1; null when there was no query vector."""
    affinity: float | None = None
    """Cosine of session and product, -1..1; null without a session, or too far down to be re-ranked."""
    content: Content
    offer: Offer | None = None
    """Null while price and stock are not here yet."""
    in_stock: bool = False
    """Whether it can be bought now."""
    content_order: OrderField
    """Order of the event that made the content: at or past an event's order means that event is seen."""
    offer_order: OrderField | None = None


class ShardState(Message):
    """Which state of one shard answered."""

    partition: int
    replica: int
    lineage: str
    """Names one life of the shard: a new one begins when it is built from the log again."""
    documents_offset: int
    """Next offset of `documents` that this state does not hold yet."""
    offers_offset: int


class Taste(Message):
    """Where a session looks, and how much that counts: see `schemas.personal`."""

    vector: str
    """base64 of little-endian fp16, shape (dim,), length 1 before rounding."""
    strength: Annotated[float, Field(ge=0, le=1)]


class ShardQuery(Message):
    """What the query tier asks one shard process for one partition."""

    partition: int
    vector: str | None = None
    """base64 of little-endian fp16, shape (dim,); null: newest first."""
    taste: Taste | None = None
    """Re-ranks the best hits; needs `vector`."""
    limit: Annotated[int, Field(ge=1, le=limits.SEARCH_DEPTH_MAX)]
    filters: Filters = Filters()
    budget_ms: Annotated[int, Field(ge=1)]


class VectorsQuery(Message):
    """`POST /vectors` of a shard process: the vectors of these products."""

    partition: int
    skus: Annotated[list[str], Field(min_length=1, max_length=limits.VECTOR_SKUS_MAX)]


class VectorsAnswer(Message):
    """Vectors by SKU; a product that is not shown is missing."""

    encoder: str
    vectors: dict[str, str]
    """base64 of little-endian fp16, shape (dim,)."""
    state: ShardState


class ShardAnswer(Message):
    """Hits best first (ties by SKU), and how many products pass the filters."""

    hits: list[Hit]
    matching: int
    state: ShardState


class SearchResponse(Message):
    """Hits, and what they were made from."""

    request_id: str
    """Also in the header X-Request-Id, and the key of the record in `served`."""
    hits: list[Hit]
    """Best first, ties by SKU; without a query vector newest first."""
    found: int
    """Products that pass the filters, over the shards that answered."""
    page: int
    took_ms: float
    degraded: list[str]
    """Stages that were left out, in words: `encode`, `shard-0` ..."""
    replayable: bool
    """Whether the served log keeps all that is needed to compute this answer again."""
    made_from: list[ShardState]
    """The state of each shard that answered."""
    encoder: str
    """Id of the encoder that made the query vector."""
    explain: dict[str, Any] | None = None
    """Null unless it was asked for. `session` is in it only for those who have the admin key, where one is set."""
