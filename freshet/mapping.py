"""Turns one line of a merchant's export into a catalogue event, as a small TOML file says (docs/import.md)."""

import math
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from schemas.errors import InvalidEvent, Problem, SettingsError
from schemas.limits import PRICE_DECIMALS_MAX
from schemas.strict import ALLOWED_CONTROLS

HINT = "docs/import.md describes the mapping file"
TEXT_TARGETS = frozenset({"type", "sku", "title", "description", "brand", "price.currency", "url", "locale"})
WHOLE_TARGETS = frozenset({"version", "stock"})
TARGETS = TEXT_TARGETS | WHOLE_TARGETS | {"category", "price.amount", "availability", "image_urls"}
REQUIRED_TARGETS = ("sku", "title")


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)


class Rule(_Part):
    """Where one value comes from and how it is changed, in this order: scale, split, list, prefix, cuts."""

    from_: str = Field("", alias="from")
    """Path in the line, dots between levels: `price.amount`."""
    value: str | int | float | bool | list[str] | None = None
    """A constant instead of a path."""
    scale: float | None = None
    """Multiplies a number (or a text that holds one)."""
    decimals: Annotated[int, Field(ge=0, le=PRICE_DECIMALS_MAX)] = PRICE_DECIMALS_MAX
    """Decimals kept after scaling."""
    split: str = ""
    """Cuts a text into a list at this separator."""
    list_: bool = Field(False, alias="list")
    """Puts a single value into a list."""
    prefix: str = ""
    """Text put before each text."""
    items_max: Annotated[int, Field(ge=1)] | None = None
    """Longer lists are cut, and counted."""
    chars_max: Annotated[int, Field(ge=1)] | None = None
    """Longer texts are cut, and counted."""

    @model_validator(mode="after")
    def _one_origin(self) -> "Rule":
        if bool(self.from_) == (self.value is not None):
            raise ValueError("needs either `from` (a path in the line) or `value` (a constant)")
        return self


class Flatten(_Part):
    """A map whose entries become attributes."""

    from_: str = Field(alias="from", min_length=1)
    prefix: str = ""
    """Text put before each name."""
    clash_suffix: str = ""
    """Text put after a name that is taken already; without it such a line is rejected."""


def _written_out(rule: object) -> object:
    return {"from": rule} if isinstance(rule, str) else rule


ShortRule = Annotated[Rule, BeforeValidator(_written_out)]
"""A bare text is a path."""


class _File(_Part):
    unmapped: Literal["attributes", "drop", "refuse"] = "attributes"
    clean: bool = False
    drop: list[str] = []
    fields: dict[str, ShortRule]
    attributes: dict[str, ShortRule] = {}
    flatten: list[Flatten] = []


@dataclass(frozen=True)
class FieldMapping:
    """A mapping file that was read and checked. `map` is pure."""

    fields: Mapping[str, Rule]
    """By target: `title`, `price.amount` ..."""
    attributes: Mapping[str, Rule]
    flatten: Sequence[Flatten]
    used: frozenset[str]
    """Top-level names of the line that some rule reads or drops."""
    unmapped: Literal["attributes", "drop", "refuse"]
    clean: bool
    """Whether control characters become spaces."""


@dataclass(frozen=True)
class Mapped:
    event: dict[str, Any]
    cuts: int
    """Lists and texts that were cut, and texts that held control characters."""


def read_mapping(path: Path) -> FieldMapping:
    """Raises SettingsError that names the file and the key."""
    try:
        return parse_mapping(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"cannot read the mapping {path}: {error.strerror}", hint=HINT) from error
    except SettingsError as error:
        raise SettingsError(f"mapping {path}: {error.message}", hint=error.hint) from error


def parse_mapping(text: str) -> FieldMapping:
    """Raises SettingsError that names the key."""
    try:
        file = _File.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"not valid TOML: {error}", hint=HINT) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"]))
        raise SettingsError(f"{key or 'file'}: {first['msg'].removeprefix('Value error, ')}", hint=HINT) from None
    for target in file.fields:
        if target not in TARGETS:
            known = ", ".join(sorted(TARGETS))
            raise SettingsError(f"fields.{target}: not a field of an event; they are {known}", hint=HINT)
    for target in REQUIRED_TARGETS:
        if target not in file.fields:
            raise SettingsError(f"fields.{target} is missing: every product needs it", hint=HINT)
    paths = [rule.from_ for rule in (*file.fields.values(), *file.attributes.values())]
    paths += [flat.from_ for flat in file.flatten]
    used = frozenset(path.split(".")[0] for path in (*paths, *file.drop))
    return FieldMapping(file.fields, file.attributes, tuple(file.flatten), used, file.unmapped, file.clean)


def as_event(line: object) -> dict[str, Any]:
    """A line that needs no mapping: an event, or a product with the event's field names. Raises InvalidEvent."""
    if not isinstance(line, dict):
        raise InvalidEvent("not_an_object", "a line holds one JSON object")
    return line if "type" in line else {"type": "upsert", **line}


def map_line(line: object, mapping: FieldMapping) -> Mapped:
    """Pure. Raises InvalidEvent with a problem that names the field of the line."""
    if not isinstance(line, dict):
        raise InvalidEvent("not_an_object", "a line holds one JSON object")
    draft = _Draft(mapping.clean)
    for target, rule in mapping.fields.items():
        value = draft.shaped(target, rule, line)
        if value is not None:
            _put(draft.event, target, value)
    for name, rule in mapping.attributes.items():
        value = draft.shaped(f"attributes.{name}", rule, line)
        if value is not None:
            draft.add_attribute(name, value, "")
    for flat in mapping.flatten:
        draft.flatten(flat, line)
    draft.unmapped(
        {name: value for name, value in line.items() if name not in mapping.used},
        mapping.unmapped,
    )
    if draft.attributes:
        draft.event["attributes"] = draft.attributes
    return Mapped(draft.event, draft.cuts)


class _Draft:
    """One event in the making, and how often something had to be cut."""

    def __init__(self, clean: bool) -> None:
        self.event: dict[str, Any] = {"type": "upsert"}
        self.attributes: dict[str, Any] = {}
        self.cuts = 0
        self._clean = clean

    def shaped(self, target: str, rule: Rule, line: dict[str, Any]) -> Any:
        """The rule's value for the target, None when the line has none (null counts as none)."""
        value = rule.value if rule.value is not None else _at(line, rule.from_)
        if value is None:
            return None
        if rule.scale is not None:
            value = _scaled(value, rule, target)
        if target in TEXT_TARGETS and type(value) is int:
            value = str(value)
        if target in WHOLE_TARGETS and isinstance(value, float) and value.is_integer():
            value = int(value)
        if rule.split and isinstance(value, str):
            value = [part.strip() for part in value.split(rule.split) if part.strip()]
        if rule.list_ and not isinstance(value, list):
            value = [value]
        return self._trimmed(value, rule)

    def _trimmed(self, value: Any, rule: Rule) -> Any:
        if isinstance(value, list):
            if rule.items_max is not None and len(value) > rule.items_max:
                self.cuts += 1
                value = value[: rule.items_max]
            return [self._trimmed(item, rule) for item in value]
        if not isinstance(value, str):
            return value
        value = self._cleaned(rule.prefix + value)
        if rule.chars_max is not None and len(value) > rule.chars_max:
            self.cuts += 1
            value = value[: rule.chars_max]
        return value

    def _cleaned(self, value: Any) -> Any:
        if self._clean and isinstance(value, str) and any(map(_is_control, value)):
            self.cuts += 1
            return "".join(" " if _is_control(char) else char for char in value)
        return value

    def flatten(self, flat: Flatten, line: dict[str, Any]) -> None:
        entries = _at(line, flat.from_)
        if entries is None:
            return
        if not isinstance(entries, dict):
            raise _refused(flat.from_, "must be an object to be flattened into attributes")
        for name, value in entries.items():
            if value is not None:
                self.add_attribute(flat.prefix + name, self._cleaned(value), flat.clash_suffix)

    def add_attribute(self, name: str, value: Any, clash_suffix: str) -> None:
        if name in self.attributes and clash_suffix:
            name += clash_suffix
        if name in self.attributes:
            raise _refused(
                name,
                "two sources give this attribute; set clash_suffix or prefix in the mapping",
            )
        self.attributes[name] = value

    def unmapped(self, rest: dict[str, Any], policy: str) -> None:
        if policy == "refuse" and rest:
            raise _refused(
                next(iter(rest)),
                "the mapping does not name this field (unmapped = refuse)",
            )
        if policy == "attributes":
            for name, value in rest.items():
                if value is not None:
                    self.add_attribute(name, self._cleaned(value), "")


def _at(line: dict[str, Any], path: str) -> Any:
    """The value at a dotted path; a key that itself holds the dots wins. None when there is none."""
    if path in line:
        return line[path]
    value: Any = line
    for part in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value


def _put(event: dict[str, Any], target: str, value: Any) -> None:
    head, _, tail = target.partition(".")
    if tail:
        event.setdefault(head, {})[tail] = value
    else:
        event[head] = value


def _scaled(value: Any, rule: Rule, target: str) -> float:
    try:
        number = float(value) if isinstance(value, (int, float, str)) and not isinstance(value, bool) else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise _refused(rule.from_ or target, f"{value!r} is not a number that can be scaled")
    return round(number * (rule.scale or 0.0), rule.decimals)


def _is_control(char: str) -> bool:
    return unicodedata.category(char) == "Cc" and char not in ALLOWED_CONTROLS


def _refused(field: str, problem: str) -> InvalidEvent:
    return InvalidEvent("invalid_field", f"{field}: {problem}", (Problem(field, problem),))
