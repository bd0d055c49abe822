"""Catalogue events as merchants write them: upsert, patch, delete. Decoding never guesses and names every bad field."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, WithJsonSchema, model_validator

from schemas import limits
from schemas.errors import InvalidEvent
from schemas.records import Availability, EventId
from schemas.strict import (
    EventPrice,
    Sku,
    Strict,
    invalid_fields,
    not_blank,
    parse_json,
    printable,
    refuse_other_version,
    unknown_type,
)


def _event_id(text: str) -> str:
    return str(EventId.parse(text))


def _attribute(value: object) -> object:
    items = value if isinstance(value, list) else [value]
    if len(items) > limits.ATTRIBUTE_LIST_ITEMS_MAX:
        raise ValueError(f"has more than {limits.ATTRIBUTE_LIST_ITEMS_MAX} items")
    kinds = {float if type(item) is int else type(item) for item in items}
    if len(kinds) > 1 or not kinds <= {str, float, bool}:
        raise ValueError("must be a string, number, boolean, or a list of one of them")
    for item in items:
        if type(item) is int and not -(2**63) <= item < 2**64:
            raise ValueError("is a whole number beyond 64 bits")
        if isinstance(item, str) and len(printable(item)) > limits.ATTRIBUTE_TEXT_CHARS_MAX:
            raise ValueError(f"is longer than {limits.ATTRIBUTE_TEXT_CHARS_MAX} characters")
    return value


Title = Annotated[str, Field(max_length=limits.TITLE_CHARS_MAX), AfterValidator(printable), AfterValidator(not_blank)]
Description = Annotated[str, Field(max_length=limits.DESCRIPTION_CHARS_MAX), AfterValidator(printable)]
Brand = Annotated[str, Field(max_length=limits.BRAND_CHARS_MAX), AfterValidator(printable)]
Url = Annotated[str, Field(max_length=limits.URL_CHARS_MAX), AfterValidator(printable)]
Locale = Annotated[str, Field(max_length=limits.LOCALE_CHARS_MAX), AfterValidator(printable)]
Category = Annotated[
    list[
        Annotated[
            str, Field(max_length=limits.CATEGORY_CHARS_MAX), AfterValidator(printable), AfterValidator(not_blank)
        ]
    ],
    Field(min_length=1, max_length=limits.CATEGORY_LEVELS_MAX),
]
ImageUrls = Annotated[list[Url], Field(max_length=limits.IMAGE_URLS_MAX)]
Stock = Annotated[int, Field(ge=0, le=limits.STOCK_MAX)]
AttributeName = Annotated[
    str, Field(min_length=1, max_length=limits.ATTRIBUTE_NAME_CHARS_MAX), AfterValidator(printable)
]
_SCALARS: Any = [{"type": "string"}, {"type": "number"}, {"type": "boolean"}]
_LIST: Any = {"type": "array", "maxItems": limits.ATTRIBUTE_LIST_ITEMS_MAX, "items": {"anyOf": _SCALARS}}
AttributeValue = Annotated[Any, AfterValidator(_attribute), WithJsonSchema({"anyOf": [*_SCALARS, _LIST]})]
Attributes = Annotated[dict[AttributeName, AttributeValue], Field(max_length=limits.ATTRIBUTES_MAX)]


class _Event(Strict):
    schema_version: Literal[1] = 1
    """Of this format."""
    sku: Sku
    """Names the product in the shop; the key of the Kafka record."""
    version: Annotated[int, Field(ge=0, le=limits.VERSION_MAX)] | None = None
    """The merchant's own counter per SKU: an older one never replaces a newer one. Without it the log decides."""
    replay_of: Annotated[str, AfterValidator(_event_id)] | None = None
    """Id of the dead-lettered event that this one repeats."""


class _Product(_Event):
    """The fields of a product that may be left out."""

    description: Description | None = None
    brand: Brand | None = None
    category: Category | None = None
    """Path from the root: ["Home", "Lamps"]."""
    price: EventPrice | None = None
    stock: Stock | None = None
    """How many can be bought."""
    availability: Availability | None = None
    """Decides whether the product is in stock; without it the stock does."""
    image_urls: ImageUrls | None = None
    """The first one is the picture that is shown."""
    url: Url | None = None
    """The product's page in the shop."""
    locale: Locale | None = None
    """BCP 47 tag of the text: en, de-CH."""


class Upsert(_Product):
    """The whole product: what is left out is removed."""

    type: Literal["upsert"]
    title: Title
    """Not blank."""
    attributes: Attributes = Field(default_factory=dict)
    """The shop's own fields by name; a list holds one kind. A field that is unknown here becomes one."""


NO_CHANGE = frozenset({"schema_version", "sku", "version", "replay_of", "type"})


class Patch(_Product):
    """Some fields (JSON Merge Patch, RFC 7386): null removes a field or an attribute, what is left out stays."""

    type: Literal["patch"]
    title: Title = ""
    attributes: Annotated[dict[AttributeName, AttributeValue | None], Field(max_length=limits.ATTRIBUTES_MAX)] = Field(
        default_factory=dict
    )

    @model_validator(mode="after")
    def _changes_something(self) -> "Patch":
        if not self.given:
            raise ValueError("a patch needs at least one field to change")
        return self

    @property
    def given(self) -> set[str]:
        """Names of the fields to change."""
        return self.model_fields_set - NO_CHANGE

    def changes(self) -> dict[str, Any]:
        """The fields that were given, as plain values."""
        return self.model_dump(include=self.given)


class Delete(_Event):
    type: Literal["delete"]
    unchanged_since: Annotated[str, AfterValidator(_event_id)] | None = None
    """Id of an event: if the product has changed after it, the delete is superseded."""


CatalogEvent = Upsert | Patch | Delete
KINDS: dict[str, type[Upsert] | type[Patch] | type[Delete]] = {"upsert": Upsert, "patch": Patch, "delete": Delete}
PRODUCT_FIELDS = frozenset(Upsert.model_fields)


def decode_event(value: bytes) -> tuple[CatalogEvent, int]:
    """Reads one catalogue event; also returns how many unknown fields became attributes.

    Raises InvalidEvent with a reason from `schemas.reasons` and a problem per bad field.
    """
    return check_event(parse_json(value))


def check_event(data: Any) -> tuple[CatalogEvent, int]:
    """Like `decode_event`, on parsed JSON."""
    if not isinstance(data, dict):
        raise InvalidEvent("not_an_object", "a catalogue event is a JSON object")
    sku = data["sku"] if isinstance(data.get("sku"), str) else ""
    refuse_other_version(data, sku)
    kind = data.get("type")
    model = KINDS.get(kind) if isinstance(kind, str) else None
    if model is None:
        raise unknown_type(kind, KINDS, sku)
    data, unknown = _unknown_to_attributes(data) if model is not Delete else (data, 0)
    try:
        return model.model_validate(data), unknown
    except ValidationError as error:
        raise invalid_fields(error, sku) from None


def _unknown_to_attributes(data: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Fields we do not know are the shop's own: they become attributes, a stated attribute wins."""
    unknown = {name: value for name, value in data.items() if name not in PRODUCT_FIELDS}
    if not unknown or not isinstance(data.get("attributes", {}), dict):
        return data, 0
    known = {name: value for name, value in data.items() if name in PRODUCT_FIELDS}
    return {**known, "attributes": {**unknown, **data.get("attributes", {})}}, len(unknown)
