"""The mapping file: its rules, read from TOML and checked (docs/import.md)."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from freshet.imports.currencies import ISO_4217
from schemas.errors import SettingsError
from schemas.limits import PRICE_DECIMALS_MAX

HINT = "docs/import.md describes the mapping file"
TEXT_TARGETS = frozenset({"type", "sku", "title", "description", "brand", "price.currency", "url", "locale"})
WHOLE_TARGETS = frozenset({"version", "stock"})
NUMBER_TARGETS = WHOLE_TARGETS | {"price.amount"}
TARGETS = TEXT_TARGETS | NUMBER_TARGETS | {"category", "price", "availability", "image_urls"}
REQUIRED_TARGETS = ("sku", "title")
"""Of a file that says nothing of `type`; a patch and a delete need no title."""

Constant = str | int | float | bool | list[str]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)


class Rule(_Part):
    """Where one value comes from and how it is changed, in the order of these keys."""

    from_: str | list[str] = Field("", alias="from")
    """Path in the line, dots between levels: `price.amount`. Of a list the first that has a value counts."""
    value: Constant | None = None
    """A constant instead of a path."""
    default: Constant | None = None
    """What counts where the line has no value."""
    join: str | None = None
    """Joins the values of a list of paths into one text, with this between them."""
    html: bool = False
    """Makes text of HTML."""
    words: dict[str, str | int | float | bool] = {}
    """Replaces a whole text, whatever its case; others stay."""
    yes_no: bool = False
    """Makes true or false of a word."""
    number: Literal["", "auto", ".", ","] = ""
    """Makes a number of a text; says what stands before its decimals."""
    currency: Annotated[str, Field(pattern=r"^([A-Z]{3})?$")] = ""
    """Of a `price` whose text names none."""
    scale: float | None = None
    """Multiplies a number (or a text that holds one)."""
    decimals: Annotated[int, Field(ge=0, le=PRICE_DECIMALS_MAX)] = PRICE_DECIMALS_MAX
    """Decimals kept after scaling."""
    min: int | float | None = None
    """A lower number becomes this one, and is counted."""
    json_: bool = Field(False, alias="json")
    """Reads a text that begins with [ or { as JSON."""
    split: str = ""
    """Cuts a text into a list at this separator."""
    list_: bool = Field(False, alias="list")
    """Puts a single value, or all values of a list of paths, into a list."""
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
        if self.join is not None and not isinstance(self.from_, list):
            raise ValueError("`join` needs a list of paths in `from`")
        if self.currency and self.currency not in ISO_4217:
            raise ValueError(f"{self.currency} is not a currency of ISO 4217")
        return self

    @property
    def paths(self) -> list[str]:
        """None for a constant."""
        given = [self.from_] if isinstance(self.from_, str) else self.from_
        return [path for path in given if path]

    @property
    def origin(self) -> str:
        """For messages."""
        return " or ".join(self.paths)


class Flatten(_Part):
    """A map whose entries become attributes."""

    from_: str = Field(alias="from", min_length=1)
    json_: bool = Field(False, alias="json")
    """Reads a text as JSON."""
    prefix: str = ""
    """Text put before each name."""
    clash_suffix: str = ""
    """Text put after a name that is taken already; without it such a line is rejected."""


def _written_out(rule: object) -> object:
    return {"from": rule} if isinstance(rule, str | list) else rule


ShortRule = Annotated[Rule, BeforeValidator(_written_out)]
"""A bare text is a path, a bare list several."""


class _File(_Part):
    unmapped: Literal["attributes", "drop", "refuse"] = "attributes"
    clean: bool = False
    drop: list[str] = []
    only: dict[str, str] = {}
    fields: dict[str, ShortRule]
    attributes: dict[str, ShortRule] = {}
    flatten: list[Flatten] = []


@dataclass(frozen=True)
class FieldMapping:
    """A mapping file that was read and checked."""

    fields: Mapping[str, Rule]
    """By target: `title`, `price.amount` ..."""
    attributes: Mapping[str, Rule]
    flatten: Sequence[Flatten]
    only: Mapping[str, re.Pattern[str]]
    """Lines are left out, and counted, unless each of these paths holds a text that matches as a whole."""
    used: frozenset[str]
    """Top-level names of the line that some rule reads or drops."""
    unmapped: Literal["attributes", "drop", "refuse"]
    clean: bool
    """Whether control characters become spaces."""
    text: str
    """The file itself: another one is another import."""


def read_mapping(path: Path) -> FieldMapping:
    """Raises SettingsError that names the file and the key."""
    try:
        return parse_mapping(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError) as error:
        words = error.strerror if isinstance(error, OSError) else str(error)
        raise SettingsError(f"cannot read the mapping {path}: {words}", hint=HINT) from error
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
    _check_targets(file)
    rules = (*file.fields.values(), *file.attributes.values())
    paths = [path for rule in rules for path in rule.paths] + [flat.from_ for flat in file.flatten]
    used = frozenset(name for path in (*paths, *file.drop, *file.only) for name in (path, path.split(".")[0]))
    only = {path: _pattern(path, pattern) for path, pattern in file.only.items()}
    return FieldMapping(file.fields, file.attributes, tuple(file.flatten), only, used, file.unmapped, file.clean, text)


def with_currency(mapping: FieldMapping, currency: str) -> FieldMapping:
    """The mapping with a currency for prices that name none, and whose rule names none. Raises SettingsError."""
    price = mapping.fields.get("price")
    if not currency or price is None or price.currency:
        return mapping
    if currency not in ISO_4217:
        raise SettingsError(f"{currency!r} is not a currency of ISO 4217", hint="EUR, USD, GBP ...")
    fields = {**mapping.fields, "price": price.model_copy(update={"currency": currency})}
    return replace(mapping, fields=fields, text=f"{mapping.text}\n# --currency {currency}\n")


def _check_targets(file: _File) -> None:
    for target in file.fields:
        if target not in TARGETS:
            known = ", ".join(sorted(TARGETS))
            raise SettingsError(f"fields.{target}: not a field of an event; they are {known}", hint=HINT)
    for target in REQUIRED_TARGETS:
        if target not in file.fields and not (target == "title" and "type" in file.fields):
            raise SettingsError(f"fields.{target} is missing: every product needs it", hint=HINT)
    if "price" in file.fields and {"price.amount", "price.currency"} & file.fields.keys():
        raise SettingsError("fields.price: give either `price` or `price.amount` with `price.currency`", hint=HINT)
    for target, rule in {**file.fields, **file.attributes}.items():
        if rule.currency and not (target == "price" and target in file.fields):
            raise SettingsError(f"{target}.currency: only the field `price` has a currency", hint=HINT)


def _pattern(path: str, pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise SettingsError(f"only.{path}: {pattern!r} is not a regular expression: {error}", hint=HINT) from None


def paths_of(mapping: FieldMapping) -> set[str]:
    """Every path of the line that the mapping reads."""
    rules: list[Any] = [*mapping.fields.values(), *mapping.attributes.values()]
    flattened = {flat.from_ for flat in mapping.flatten}
    return {path for rule in rules for path in rule.paths} | flattened | set(mapping.only)
