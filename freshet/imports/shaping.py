"""What a mapping's rule does to one value, step by step, each a pure function that refuses with ValueError."""

import math
import unicodedata
from typing import Any, NamedTuple

import orjson

from freshet.imports.amounts import parse_money, parse_number
from freshet.imports.html_text import text_of_html
from freshet.imports.mapping_file import NUMBER_TARGETS, TEXT_TARGETS, WHOLE_TARGETS, Rule
from freshet.imports.value_words import availability_of, yes_or_no
from schemas.strict import ALLOWED_CONTROLS


class Shaped(NamedTuple):
    value: Any
    cuts: int
    """Lists and texts that were cut, numbers that were raised, and texts that held control characters."""


def shaped(value: Any, rule: Rule, target: str, clean: bool) -> Shaped:
    """The value as the target takes it. Raises ValueError with words for the merchant."""
    if rule.html and isinstance(value, str):
        value = text_of_html(value) or None
        if value is None:
            return Shaped(None, 0)
    value = _worded(value, rule, target)
    value = _numbered(value, rule, target)
    if rule.scale is not None:
        value = _scaled(value, rule)
    raised = rule.min is not None and _is_number(value) and value < rule.min
    value = _listed(_typed(rule.min if raised else value, target), rule)
    trimmed = _trimmed(value, rule, clean)
    return Shaped(trimmed.value, trimmed.cuts + raised)


def cleaned(value: Any, clean: bool) -> Shaped:
    """Control characters become spaces, if they are to."""
    if clean and isinstance(value, str) and any(map(_is_control, value)):
        return Shaped("".join(" " if _is_control(char) else char for char in value), 1)
    return Shaped(value, 0)


def _worded(value: Any, rule: Rule, target: str) -> Any:
    if rule.words and isinstance(value, str):
        word = value.strip().casefold()
        value = next((given for name, given in rule.words.items() if name.casefold() == word), value)
    if rule.yes_no and isinstance(value, str | int):
        value = yes_or_no(str(value))
    if target == "availability" and isinstance(value, str | bool | int):
        value = availability_of(value)
    return value


def _numbered(value: Any, rule: Rule, target: str) -> Any:
    """Texts become numbers where the rule or the target says so; a price becomes its amount and currency."""
    mark = rule.number or "auto"
    if target == "price":
        return _money(value, rule)
    if isinstance(value, str) and (rule.number or (target in NUMBER_TARGETS and rule.scale is None)):
        return parse_number(value, mark)
    return value


def _money(value: Any, rule: Rule) -> Any:
    if isinstance(value, dict):
        return value
    if isinstance(value, str):
        amount, currency = parse_money(value, rule.number or "auto", rule.currency)
    elif _is_number(value) and rule.currency:
        amount, currency = value, rule.currency
    else:
        raise ValueError(f"{value!r} does not say which currency it is in; set currency")
    if rule.scale is not None:
        amount = _scaled(amount, rule)
    return {"amount": amount, "currency": currency}


def _scaled(value: Any, rule: Rule) -> Any:
    if isinstance(value, dict):
        return value  # a price: its amount was scaled
    try:
        number = float(value) if isinstance(value, str) or _is_number(value) else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{value!r} is not a number that can be scaled")
    return round(number * (rule.scale or 0.0), rule.decimals)


def _typed(value: Any, target: str) -> Any:
    if target in TEXT_TARGETS | WHOLE_TARGETS and isinstance(value, float) and value.is_integer():
        value = int(value)  # a whole number in a column with gaps comes as 17.0 from many tools
    return str(value) if target in TEXT_TARGETS and type(value) is int else value


def _listed(value: Any, rule: Rule) -> Any:
    if rule.json_ and isinstance(value, str) and value[:1] in ("[", "{"):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise ValueError(f"begins like JSON and is none: {error}") from None
    if rule.split and isinstance(value, str):
        value = [part.strip() for part in value.split(rule.split) if part.strip()] or None
    if rule.list_ and value is not None and not isinstance(value, list):
        value = [value]
    return value


def _trimmed(value: Any, rule: Rule, clean: bool) -> Shaped:
    if isinstance(value, list):
        cut = rule.items_max is not None and len(value) > rule.items_max
        items = [_trimmed(item, rule, clean) for item in value[: rule.items_max]]
        return Shaped([item.value for item in items], cut + sum(item.cuts for item in items))
    if not isinstance(value, str):
        return Shaped(value, 0)
    text, cuts = cleaned(rule.prefix + value, clean)
    if rule.chars_max is not None and len(text) > rule.chars_max:
        return Shaped(text[: rule.chars_max], cuts + 1)
    return Shaped(text, cuts)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_control(char: str) -> bool:
    return unicodedata.category(char) == "Cc" and char not in ALLOWED_CONTROLS
