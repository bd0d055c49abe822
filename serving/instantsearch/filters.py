"""Conditions become the filters of a search. They stand in `all`: so they always count in facets, too, and the fallback
ladder leaves none out, as shops expect who come from Algolia."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from pydantic import ValidationError

from schemas.errors import InvalidRequest, Problem
from schemas.facets import listed
from schemas.filters import NO_FILTERS, Filters
from serving.instantsearch.conditions import All, AnyOf, Between, Condition, Has, Not
from serving.instantsearch.fields import SEPARATOR, Field, Fields
from serving.problems import invalid_request

TRUTHS: Final = {"true": True, "false": False, "1": True, "0": False}
Plain = dict[str, Any]
"""`Filters` before they are checked."""


def filters_of(conditions: Iterable[Condition | None], fields: Fields) -> Filters:
    """All of them must hold. Raises InvalidRequest for what cannot be filtered by."""
    parts: list[Plain] = []
    for condition in conditions:
        if isinstance(condition, All):
            parts += [_plain(one, fields) for one in condition.of]
        elif condition is not None:
            parts.append(_plain(condition, fields))
    if not parts:
        return NO_FILTERS
    try:
        return Filters.model_validate({"all": parts})
    except ValidationError as error:
        raise invalid_request(error) from None


def _plain(condition: Condition, fields: Fields) -> Plain:
    match condition:
        case Has(name, value):
            return _has(_field(name, fields), name, value)
        case Between(name, low, high):
            return _between(_field(name, fields), name, low, high)
        case Not(of):
            return {"not": _plain(of, fields)}
        case All(of):
            return {"all": [_plain(one, fields) for one in of]}
        case AnyOf(of):
            return _any([_plain(one, fields) for one in of])


def _any(parts: Sequence[Plain]) -> Plain:
    """One list where all are values of one field."""
    if len(parts) == 1:
        return parts[0]
    for name in ("brand", "category"):
        if all(list(part) == [name] for part in parts):
            return {name: [value for part in parts for value in part[name]]}
    [first, *_] = (next(iter(part.get("attributes", {})), None) for part in parts)
    if all(_values(part, first) is not None for part in parts):
        return {"attributes": {first: [value for part in parts for value in _values(part, first) or ()]}}
    return {"any": list(parts)}


def _values(part: Plain, name: str | None) -> list[Any] | None:
    """The values asked for, if nothing else is."""
    asked = part["attributes"].get(name) if list(part) == ["attributes"] else None
    return asked if isinstance(asked, list) else None


def _field(name: str, fields: Fields) -> Field:
    found = fields.field(name)
    if found is None:
        problem = Problem("filters", f"products cannot be filtered by {name!r}")
        raise InvalidRequest(
            "undeclared_attribute",
            f"{problem.problem}. Declared: {listed(fields.facets)}",
            (problem,),
            hint="declare it in FRESHET_FACETS, or name what it is in FRESHET_INSTANTSEARCH_NAMES",
        )
    return found


def _has(field: Field, name: str, value: str) -> Plain:
    match field.kind:
        case "brand":
            return {"brand": [value]}
        case "category":
            return {"category": [value.split(SEPARATOR)]}
        case "in_stock":
            return {"in_stock": _truth(name, value)}
        case "value":
            truth = TRUTHS.get(value) if value in ("true", "false") else None
            return {"attributes": {field.attribute: [value] if truth is None else [value, truth]}}
        case _:
            number = _number(name, value)
            return _between(field, name, number, number)


def _between(field: Field, name: str, low: float | None, high: float | None) -> Plain:
    if field.kind == "number":
        return {"attributes": {field.attribute: _given(min=low, max=high)}}
    if field.kind == "price":
        return _given(price_min=low if low is None else max(0.0, low), price_max=high)
    if field.kind == "in_stock" and low is not None and low == high:
        return {"in_stock": _truth(name, f"{low:g}")}
    raise _wrong(f"{name!r} holds no numbers")


def _given(**values: float | None) -> Plain:
    return {name: value for name, value in values.items() if value is not None}


def _truth(name: str, value: str) -> bool:
    if value not in TRUTHS:
        raise _wrong(f"{name!r} is true or false, not {value!r}")
    return TRUTHS[value]


def _number(name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise _wrong(f"{name!r} holds numbers; {value!r} is none") from None


def _wrong(what: str) -> InvalidRequest:
    return InvalidRequest("invalid_request", f"filters: {what}", (Problem("filters", what),))
