"""Filters as people type them, colour=red, watts=5..9 or JSON, as what POST /v1/search takes."""

import json
from collections.abc import Iterable
from math import isfinite
from typing import Any

from schemas.errors import InvalidRequest

BOOLEANS = {"true": True, "false": False}


def attribute_filters(given: Iterable[str]) -> dict[str, Any]:
    """By attribute, from `NAME=VALUE`s: values of one name are one of which is enough, `MIN..MAX` is a range.

    `true` stands for the text and for the truth value. Raises InvalidRequest for what is neither.
    """
    filters: dict[str, Any] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise _unreadable(text, "write NAME=VALUE")
        bounds = _range(value)
        if name in filters and (bounds is not None or isinstance(filters[name], dict)):
            raise _unreadable(text, f"{name} has a range, and only one can be given")
        if bounds is not None:
            filters[name] = bounds
        else:
            filters.setdefault(name, []).extend([value, BOOLEANS[value]] if value in BOOLEANS else [value])
    return filters


def json_filters(text: str) -> dict[str, Any] | None:
    """Raises InvalidRequest unless it is an object, or nothing."""
    if not text:
        return None
    try:
        filters = json.loads(text)
    except ValueError as error:
        raise _unreadable(text, f"not valid JSON: {error}") from error
    if not isinstance(filters, dict):
        raise _unreadable(text, "write a JSON object")
    return filters


def _range(value: str) -> dict[str, float] | None:
    """`5..9`, `5..` or `..9`; None for anything else."""
    low, dots, high = value.partition("..")
    if not dots or not (low or high):
        return None
    try:
        bounds = {name: float(text) for name, text in (("min", low), ("max", high)) if text}
    except ValueError:
        return None
    return bounds if all(map(isfinite, bounds.values())) else None


def _unreadable(text: str, problem: str) -> InvalidRequest:
    return InvalidRequest(
        "invalid_filter",
        f"the filter {text!r} cannot be read: {problem}",
        hint="colour=red, watts=5..9, watts=5.. or JSON as docs/api.md shows",
    )
