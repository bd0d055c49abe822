"""Reads `facetFilters`, `numericFilters` and `tagFilters`: lists are ANDs, a list in a list is an OR."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from serving.instantsearch.conditions import All, AnyOf, Between, Condition, Has, Not, compared
from serving.instantsearch.filter_syntax import number_of, wrong

FILTERS_MAX: Final = 200
"""In one list, those in its lists counted."""
COMPARED: Final = re.compile(r"\s*(.+?)\s*(<=|>=|!=|<|>|=)\s*(\S+)\s*", re.DOTALL)
RANGE: Final = re.compile(r"\s*(.+?)\s*:\s*(\S+)\s+TO\s+(\S+)\s*", re.DOTALL)
TAGS: Final = "_tags"
"""The attribute of a record that holds its tags."""
Listed = Sequence[str | Sequence[str]]


def facet_filters(listed: Listed) -> Condition | None:
    """None: everything passes. Raises InvalidRequest."""
    return _read(listed, _faceted, "facetFilters")


def numeric_filters(listed: Listed) -> Condition | None:
    """None: everything passes. Raises InvalidRequest."""
    return _read(listed, _numeric, "numericFilters")


def tag_filters(listed: Listed) -> Condition | None:
    """None: everything passes. Raises InvalidRequest."""
    return _read(listed, lambda tag: _faceted(f"{TAGS}:{tag}"), "tagFilters")


def _read(listed: Listed, leaf: Callable[[str], Condition], parameter: str) -> Condition | None:
    if sum(1 if isinstance(one, str) else len(one) for one in listed) > FILTERS_MAX:
        raise wrong(f"there are more than {FILTERS_MAX}", parameter)
    parts = [leaf(one) if isinstance(one, str) else AnyOf(tuple(map(leaf, one))) for one in listed if one]
    return All(tuple(parts)) if parts else None


def _faceted(text: str) -> Condition:
    name, colon, value = text.partition(":")
    if not colon or not name:
        raise wrong(f"{text!r} is not attribute:value", "facetFilters")
    if value.startswith("-"):
        return Not(Has(name, value[1:]))
    return Has(name, value[1:] if value.startswith("\\-") else value)


def _numeric(text: str) -> Condition:
    if found := RANGE.fullmatch(text):
        return Between(found[1], _number(found[2], text), _number(found[3], text))
    if found := COMPARED.fullmatch(text):
        return compared(found[1], found[2], _number(found[3], text))
    raise wrong(f"{text!r} is not like price>=10 or price:10 TO 20", "numericFilters")


def _number(text: str, whole: str) -> float:
    found = number_of(text)
    if found is None:
        raise wrong(f"{text!r} in {whole!r} is not a number", "numericFilters")
    return found
