"""What all that comes from outside shares: strict models, checked texts, and JSON that is never guessed at."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from schemas import limits
from schemas.errors import InvalidEvent, Problem

ALLOWED_CONTROLS = frozenset("\t\n\r")
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""Unicode's category Cc but for the allowed ones. Looked up one by one they took half of reading an event."""


class Strict(BaseModel):
    """Nothing is converted, nothing unknown is dropped, no NaN."""

    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )


def printable(text: str) -> str:
    if CONTROLS.search(text):
        raise ValueError("holds a control character")
    return text


def not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty or only white space")
    return text


def name(text: str) -> str:
    """A text that others compare and use as a key."""
    if text != text.strip() or not ALLOWED_CONTROLS.isdisjoint(text):
        raise ValueError("begins or ends with white space, or holds a line break or tab")
    return not_blank(text)


def price_decimals(amount: float) -> float:
    if round(amount, limits.PRICE_DECIMALS_MAX) != amount:
        raise ValueError(f"has more than {limits.PRICE_DECIMALS_MAX} decimals")
    return amount


Sku = Annotated[str, Field(max_length=limits.SKU_CHARS_MAX), AfterValidator(printable), AfterValidator(name)]


class EventPrice(Strict):
    amount: Annotated[float, Field(ge=0, le=limits.PRICE_MAX), AfterValidator(price_decimals)]
    """At most 4 decimals."""
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    """ISO 4217, upper case."""


def parse_json(value: bytes, bytes_max: int = limits.EVENT_BYTES_MAX) -> Any:
    """Strict JSON. Raises InvalidEvent for size, syntax, depth, bad UTF-8, NaN and duplicate keys."""
    if len(value) > bytes_max:
        raise InvalidEvent("too_large", f"the event has {len(value):,} bytes; at most {bytes_max:,} are taken")
    try:
        found = orjson.loads(value)  # refuses what the standard library lets pass: NaN, surrogates, bad UTF-8, depth
        return found if _stands_once(found, value) else DECODER.decode(value.decode())
    except (ValueError, RecursionError) as error:
        raise InvalidEvent("malformed_json", f"not valid JSON: {error}") from error


AWAY = re.compile(rb'\\|"[ \t\r\n]+:')
"""An escape, or a name that is away from its colon."""
WHOLE_MAX = float(2**63)
"""Beyond it orjson may have taken a whole number for a float."""


def _stands_once(found: Any, value: bytes) -> bool:
    """Whether each name surely stands once, and `found` is what the standard library would read.

    Each name has a colon of its own, so with as many colons as names none stands twice. Texts may hold more of them;
    where nothing is escaped, a quote and a colon side by side are the end of a name.
    """
    names, parts = 0, [found]
    for part in parts:
        if type(part) is dict:
            names += len(part)
            parts.extend(part.values())
        elif type(part) is list:
            parts.extend(part)
        elif type(part) is float and abs(part) >= WHOLE_MAX:
            return False
    return value.count(b":") == names or (value.count(b'":') == names and not AWAY.search(value))


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidEvent(
            "duplicate_key", f"the key {twice!r} stands twice in one object", (Problem(twice, "stands twice"),)
        )
    return found


DECODER = json.JSONDecoder(object_pairs_hook=_without_duplicates)
"""Made once: `json.loads` makes one for each event."""


def refuse_other_version(data: Mapping[str, Any], sku: str) -> None:
    """Raises InvalidEvent unless schema_version is 1 or left out."""
    if data.get("schema_version", 1) != 1 or type(data.get("schema_version", 1)) is not int:
        raise InvalidEvent(
            "unknown_schema_version",
            f"schema_version {data['schema_version']!r} is not known here; this version reads 1",
            (Problem("schema_version", "must be 1"),),
            sku=sku,
        )


def unknown_type(kind: object, known: Iterable[str], sku: str) -> InvalidEvent:
    *first, last = known
    words = f"{', '.join(first)}"
    return InvalidEvent(
        "unknown_type",
        f"type {kind!r} is not one of {words}, {last}",
        (Problem("type", f"must be {words} or {last}"),),
        sku=sku,
    )


def invalid_fields(error: ValidationError, sku: str) -> InvalidEvent:
    """What pydantic found, a problem per field, in words a merchant understands."""
    problems = tuple(
        Problem(".".join(map(str, item["loc"])) or "event", item["msg"].removeprefix("Value error, "))
        for item in error.errors(include_url=False, include_input=False, include_context=False)
    )
    words = "; ".join(f"{problem.field}: {problem.problem}" for problem in problems[:5])
    return InvalidEvent("invalid_field", words, problems, sku=sku)
