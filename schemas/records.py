"""The records that the agents write and the shards read: contents, offers, documents, outcomes, dead letters."""

import base64
import math
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeVar, get_args

import orjson
import xxhash
from pydantic import BaseModel, ConfigDict, PlainSerializer, PlainValidator, ValidationError, WithJsonSchema

from schemas.errors import InvalidEvent

SCHEMA_VERSION: Final = 1

Attribute = str | int | float | bool | list[str] | list[int | float] | list[bool]


class Order(NamedTuple):
    """When an event was written: (generation of the topics, offset in `catalog`). Compared as a pair."""

    generation: int
    offset: int


def _as_order(value: object) -> Order:
    # Written out, not with all(...): an answer of ten hits holds twenty orders, and this was a tenth of reading it.
    if type(value) is Order:
        return value
    if isinstance(value, (list, tuple)) and len(value) == 2:
        generation, offset = value
        if type(generation) is int and type(offset) is int:
            return Order(generation, offset)
    raise ValueError("an order is [generation, offset]")


WHOLE = {"type": "integer"}
OrderField = Annotated[
    Order,
    PlainValidator(_as_order),
    PlainSerializer(list),
    WithJsonSchema({"type": "array", "prefixItems": [WHOLE, WHOLE], "minItems": 2, "maxItems": 2}),
]


class EventId(NamedTuple):
    """Names a catalogue event: where it stands in the log. Written `generation-partition-offset`."""

    generation: int
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.generation}-{self.partition}-{self.offset}"

    @property
    def order(self) -> Order:
        return Order(self.generation, self.offset)

    @classmethod
    def parse(cls, text: str) -> "EventId":
        """Raises ValueError when the text is not `generation-partition-offset`."""
        parts = text.split("-")
        if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 20 for part in parts):
            raise ValueError(f"{text!r} is not an event id: it looks like 1-0-42 (generation-partition-offset)")
        return cls(*map(int, parts))


class Record(BaseModel):
    """Strict, frozen, no NaN: what is read is what was written."""

    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )

    def encode(self) -> bytes:
        """JSON in the order of the fields, without those that are None."""
        return self.__pydantic_serializer__.to_json(self, exclude_none=True)


R = TypeVar("R", bound=Record)


def decode(model: type[R], value: bytes) -> R:
    """Reads one of our own records. Raises InvalidEvent("malformed_record") naming the model and the field."""
    try:
        return model.model_validate(orjson.loads(value))
    except (orjson.JSONDecodeError, ValidationError) as error:
        raise InvalidEvent("malformed_record", f"not a {model.__name__}: {str(error)[:500]}") from error


class Price(Record):
    amount: float
    currency: str


Availability = Literal["in_stock", "out_of_stock", "preorder", "backorder", "discontinued"]
AVAILABILITIES: Final[tuple[Availability, ...]] = get_args(Availability)


class Content(Record):
    """What a product is: everything that is shown or embedded, but not its price and stock."""

    title: str
    description: str | None = None
    brand: str | None = None
    category: list[str] | None = None
    """Path from the root: ["Electronics", "Laptops"]."""
    image_urls: list[str] | None = None
    url: str | None = None
    locale: str | None = None
    attributes: dict[str, Any] = {}

    def content_hash(self) -> str:
        """xxh3-128 of the canonical JSON (sorted keys): equal content has equal hashes, whoever computes them."""
        return xxhash.xxh3_128_hexdigest(orjson.dumps(self.model_dump(exclude_none=True), option=orjson.OPT_SORT_KEYS))


ContentField = Literal["title", "description", "brand", "category", "image_urls", "url", "locale", "attributes"]
CONTENT_FIELDS: Final[tuple[ContentField, ...]] = get_args(ContentField)


class Offer(Record):
    """What a product costs and whether it can be bought."""

    price: Price | None = None
    stock: int | None = None
    availability: Availability | None = None

    @property
    def in_stock(self) -> bool:
        """A stated availability decides; else the stock; a shop that states neither sells what has a price."""
        if self.availability is not None:
            return self.availability == "in_stock" and self.stock != 0
        return self.price is not None if self.stock is None else self.stock > 0


class Derived(Record):
    """What every record that follows from a catalogue event carries."""

    schema_version: Literal[1] = SCHEMA_VERSION
    sku: str
    order: OrderField
    """Of the catalogue event it follows from: an older one never replaces a newer one."""
    received_ms: int = 0
    """LogAppendTime of the event in `catalog`, ms since 1970: what freshness is counted from."""


class ContentRecord(Derived):
    """Value in `contents`, keyed by SKU. `content` is None for a delete."""

    content: Content | None = None
    content_hash: str = ""
    """xxh3-128 of the content as canonical JSON."""


class OfferRecord(Derived):
    """Value in `offers`, keyed by SKU: the complete offer after an accepted event. `offer` is None for a delete."""

    offer: Offer | None = None
    version: int | None = None
    """The highest version seen for this SKU, deletes included."""
    live_since: OrderField | None = None
    """Order of the upsert that created or re-created the product; None for a delete."""


class DocumentRecord(ContentRecord):
    """Value in `documents`, keyed by SKU. `content` and `vector` are None for a delete."""

    vector: str | None = None
    """base64 of little-endian fp16, shape (dim,), length 1 before rounding."""
    encoder: str = ""
    """Id of the encoder: vectors with different ids never meet in one index."""


OutcomeKind = Literal["indexed", "unchanged", "superseded", "deleted", "duplicate", "dead-lettered"]


class Outcome(Record):
    """Value in `outcomes`, keyed by event id: what became of one catalogue event. Readers fold by event id."""

    schema_version: Literal[1] = SCHEMA_VERSION
    event_id: str
    sku: str
    outcome: OutcomeKind
    reason: str = ""
    """Of a dead-lettered event."""
    by: Literal["catalog", "embed"] = "catalog"
    received_ms: int
    """LogAppendTime of the event in `catalog`, ms since 1970."""
    content_changed: bool = False
    """Whether the event went to the encoder; if not, it is searchable with its offer alone."""


def fold(earlier: Outcome | None, later: Outcome) -> Outcome:
    """One outcome per event: the first decision stands, and only `embed` may correct it to dead-lettered."""
    if earlier is None or (later.by == "embed" and earlier.by == "catalog"):
        return later
    return earlier


class DeadLetter(Record):
    """Value in `dead-letters`, keyed by the original key: what could not be processed, whole, and who must act."""

    schema_version: Literal[1] = SCHEMA_VERSION
    id: str
    """`topic-partition-offset` of the original: a second copy after a crash has the same id."""
    topic: str
    partition: int
    offset: int
    key: str
    """base64 of the original bytes, at most DEAD_LETTER_KEY_BYTES_MAX of them."""
    value: str
    """base64 of the original bytes, at most DEAD_LETTER_VALUE_BYTES_MAX of them."""
    value_bytes: int
    """Length of the original: more than `value` holds when that is cut. The original stands in its topic."""
    reason: str
    message: str
    """What is wrong, in words."""
    problems: list[list[str]] = []
    """[field, problem] pairs."""
    who: Literal["merchant", "operator"]
    """Who must act."""
    stage: Literal["catalog", "embed", "shard", "session"]
    event_id: str = ""
    sku: str = ""
    received_ms: int
    """LogAppendTime of the event in `catalog`, ms since 1970."""

    def original(self) -> tuple[bytes, bytes]:
        """Key and value, as far as they are kept."""
        return base64.b64decode(self.key), base64.b64decode(self.value)


def is_unit(norm: float) -> bool:
    """Whether a vector read from a log has length 1 within fp16 rounding (relative error 2^-11 per component)."""
    return math.isfinite(norm) and abs(norm - 1.0) < 2e-3
