"""Variants of one thing in one place: by which field hits are grouped, and how many of a group are shown."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Annotated, Final, TypeVar

from pydantic import AfterValidator, Field

from schemas import limits
from schemas.facet_ask import ATTRIBUTE

GROUP_LIMIT_MAX: Final = 10
GROUP_DEEPER: Final = 3
"""So many times as many candidates are looked at: of most groups all but the first few go."""


def groupable(field: str) -> str:
    if field != "brand" and not field.startswith(ATTRIBUTE):
        raise ValueError(f"must be brand or {ATTRIBUTE}NAME")
    return field


def attribute_of(field: str) -> str:
    """The attribute that products are grouped by; empty where it is none: the brand, or nothing."""
    return field.removeprefix(ATTRIBUTE) if field.startswith(ATTRIBUTE) else ""


GroupField = Annotated[
    str, Field(max_length=len(ATTRIBUTE) + limits.ATTRIBUTE_NAME_CHARS_MAX), AfterValidator(groupable)
]
GroupLimit = Annotated[int, Field(ge=1, le=GROUP_LIMIT_MAX)]
Group = str | bool
"""What the products of a group have in common."""
T = TypeVar("T")


def first_of_each(ranked: Iterable[T], group_of: Callable[[T], Group | None], limit: int) -> list[T]:
    """At most `limit` of each group, in the order given; what is in no group stays."""
    seen: Counter[tuple[bool, Group]] = Counter()
    kept = []
    for one in ranked:
        group = group_of(one)
        if group is not None:
            key = (isinstance(group, bool), group)
            seen[key] += 1
            if seen[key] > limit:
                continue
        kept.append(one)
    return kept
