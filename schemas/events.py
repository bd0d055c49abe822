"""Catalogue events as merchants write them: upsert, patch, delete. Decoding never guesses and names every bad field."""

import json
import unicodedata
from typing import Annotated, Any, Literal

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from schemas import limits
from schemas.errors import InvalidEvent, Problem
from schemas.records import Availability, EventId

ALLOWED_CONTROLS = "\t\n\r"


def _printable(text: str) -> str:
    if any(unicodedata.category(char) == "Cc" and char not in ALLOWED_CONTROLS for char in text):
        raise ValueError("holds a control character")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty or only white space")
    return text


def _sku(text: str) -> str:
    if text != text.strip() or any(char in ALLOWED_CONTROLS for char in text):
        raise ValueError("begins or ends with white space, or holds a line break or tab")
    return _not_blank(text)


def _event_id(text: str) -> str:
    return str(EventId.parse(text))


def _price_decimals(amount: float) -> float:
    if round(amount, limits.PRICE_DECIMALS_MAX) != amount:
        raise ValueError(f"has more than {limits.PRICE_DECIMALS_MAX} decimals")
    return amount


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
        if isinstance(item, str) and len(_printable(item)) > limits.ATTRIBUTE_TEXT_CHARS_MAX:
            raise ValueError(f"is longer than {limits.ATTRIBUTE_TEXT_CHARS_MAX} characters")
    return value


Sku = Annotated[str, Field(max_length=limits.SKU_CHARS_MAX), AfterValidator(_printable), AfterValidator(_sku)]
Title = Annotated[str, Field(max_length=limits.TITLE_CHARS_MAX), AfterValidator(_printable), AfterValidator(_not_blank)]
Description = Annotated[str, Field(max_length=limits.DESCRIPTION_CHARS_MAX), AfterValidator(_printable)]
Brand = Annotated[str, Field(max_length=limits.BRAND_CHARS_MAX), AfterValidator(_printable)]
Url = Annotated[str, Field(max_length=limits.URL_CHARS_MAX), AfterValidator(_printable)]
Locale = Annotated[str, Field(max_length=limits.LOCALE_CHARS_MAX), AfterValidator(_printable)]
Category = Annotated[
    list[
        Annotated[
            str, Field(max_length=limits.CATEGORY_CHARS_MAX), AfterValidator(_printable), AfterValidator(_not_blank)
        ]
    ],
    Field(min_length=1, max_length=limits.CATEGORY_LEVELS_MAX),
]
ImageUrls = Annotated[list[Url], Field(max_length=limits.IMAGE_URLS_MAX)]
Stock = Annotated[int, Field(ge=0, le=limits.STOCK_MAX)]
AttributeName = Annotated[
    str, Field(min_length=1, max_length=limits.ATTRIBUTE_NAME_CHARS_MAX), AfterValidator(_printable)
]
AttributeValue = Annotated[Any, AfterValidator(_attribute)]
Attributes = Annotated[dict[AttributeName, AttributeValue], Field(max_length=limits.ATTRIBUTES_MAX)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)


class EventPrice(_Strict):
    amount: Annotated[float, Field(ge=0, le=limits.PRICE_MAX), AfterValidator(_price_decimals)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    """ISO 4217, upper case."""


class _Event(_Strict):
    schema_version: Literal[1] = 1
    sku: Sku
    version: Annotated[int, Field(ge=0, le=limits.VERSION_MAX)] | None = None
    """The merchant's own counter per SKU: an older one never replaces a newer one. Without it the log decides."""
    replay_of: Annotated[str, AfterValidator(_event_id)] | None = None
    """Id of the dead-lettered event that this one repeats."""


class _Product(_Event):
    """The fields of a product that may be left out."""

    description: Description | None = None
    brand: Brand | None = None
    category: Category | None = None
    price: EventPrice | None = None
    stock: Stock | None = None
    availability: Availability | None = None
    image_urls: ImageUrls | None = None
    url: Url | None = None
    locale: Locale | None = None


class Upsert(_Product):
    """The whole product: what is left out is removed."""

    type: Literal["upsert"]
    title: Title
    attributes: Attributes = {}


class Patch(_Product):
    """Some fields (JSON Merge Patch, RFC 7386): null removes a field or an attribute, what is left out stays."""

    type: Literal["patch"]
    title: Title = ""
    attributes: Annotated[dict[AttributeName, AttributeValue | None], Field(max_length=limits.ATTRIBUTES_MAX)] = {}

    @model_validator(mode="after")
    def _changes_something(self) -> "Patch":
        if not self.changes():
            raise ValueError("a patch needs at least one field to change")
        return self

    def changes(self) -> dict[str, Any]:
        """The fields that were given, as plain values."""
        names = self.model_fields_set - {"schema_version", "sku", "version", "replay_of", "type"}
        return self.model_dump(include=names)


class Delete(_Event):
    type: Literal["delete"]


CatalogEvent = Upsert | Patch | Delete
KINDS: dict[str, type[Upsert] | type[Patch] | type[Delete]] = {"upsert": Upsert, "patch": Patch, "delete": Delete}
PRODUCT_FIELDS = frozenset(Upsert.model_fields)


def parse_json(value: bytes) -> Any:
    """Strict JSON. Raises InvalidEvent for size, syntax, depth, bad UTF-8, NaN and duplicate keys."""
    if len(value) > limits.EVENT_BYTES_MAX:
        raise InvalidEvent(
            "too_large", f"the event has {len(value):,} bytes; at most {limits.EVENT_BYTES_MAX:,} are taken"
        )
    try:
        orjson.loads(value)  # refuses what the standard library lets pass: NaN, lone surrogates, bad UTF-8, depth
        return json.loads(value, object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise InvalidEvent("malformed_json", f"not valid JSON: {error}") from error


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidEvent(
            "duplicate_key", f"the key {twice!r} stands twice in one object", (Problem(twice, "stands twice"),)
        )
    return found


def decode_event(value: bytes) -> tuple[CatalogEvent, int]:
    """Reads one catalogue event; also returns how many unknown fields became attributes.

    Raises InvalidEvent with a reason from `schemas.reasons` and a problem per bad field.
    """
    return check_event(parse_json(value))


def check_event(data: Any) -> tuple[CatalogEvent, int]:
    """Like `decode_event`, on parsed JSON."""
    if not isinstance(data, dict):
        raise InvalidEvent("not_an_object", "a catalogue event is a JSON object")
    sku = data.get("sku") if isinstance(data.get("sku"), str) else ""
    if data.get("schema_version", 1) != 1 or type(data.get("schema_version", 1)) is not int:
        raise InvalidEvent(
            "unknown_schema_version",
            f"schema_version {data['schema_version']!r} is not known here; this version reads 1",
            (Problem("schema_version", "must be 1"),),
            sku=sku or "",
        )
    kind = data.get("type")
    model = KINDS.get(kind) if isinstance(kind, str) else None
    if model is None:
        raise InvalidEvent(
            "unknown_type",
            f"type {kind!r} is not one of upsert, patch, delete",
            (Problem("type", "must be upsert, patch or delete"),),
            sku=sku or "",
        )
    data, unknown = _unknown_to_attributes(data) if model is not Delete else (data, 0)
    try:
        return model.model_validate(data), unknown
    except ValidationError as error:
        problems = tuple(
            Problem(".".join(map(str, item["loc"])) or "event", item["msg"].removeprefix("Value error, "))
            for item in error.errors(include_url=False, include_input=False, include_context=False)
        )
        words = "; ".join(f"{problem.field}: {problem.problem}" for problem in problems[:5])
        raise InvalidEvent("invalid_field", words, problems, sku=sku or "") from None


def _unknown_to_attributes(data: dict[str, Any]) -> tuple[dict[str, Any], int]:
    """Fields we do not know are the shop's own: they become attributes, a stated attribute wins."""
    unknown = {name: value for name, value in data.items() if name not in PRODUCT_FIELDS}
    if not unknown or not isinstance(data.get("attributes", {}), dict):
        return data, 0
    known = {name: value for name, value in data.items() if name in PRODUCT_FIELDS}
    return {**known, "attributes": {**unknown, **data.get("attributes", {})}}, len(unknown)
