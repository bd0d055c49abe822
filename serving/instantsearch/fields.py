"""What the attributes of a shop's records are here: what it filters by, counts and shows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, NamedTuple

from schemas.facet_ask import ATTRIBUTE
from schemas.facet_counts import FacetValue
from schemas.facets import Facets
from schemas.instantsearch import BUILT_IN, Ours

SEPARATOR: Final = " > "
"""Between the categories of a path, as InstantSearch writes it."""
LEVEL: Final = re.compile(r"(.+)\.lvl([0-9])")
Kind = Literal["brand", "category", "in_stock", "price", "value", "number"]
COUNTED: Final[Mapping[str, Kind]] = {
    "brand": "brand",
    "category": "category",
    "in_stock": "in_stock",
    "price": "price",
}


class Field(NamedTuple):
    """What products are filtered by and counted by."""

    kind: Kind
    ask: str
    """As `FacetAsk.field` says it."""
    attribute: str = ""
    """Name of a declared attribute."""
    level: int | None = None
    """Of categories: only these, from 0; None: all of them."""

    def has(self, value: FacetValue) -> bool:
        """Whether a value that was counted is one of this field, and not of another level."""
        return self.level is None or (isinstance(value, list) and len(value) == self.level + 1)


@dataclass(frozen=True)
class Fields:
    """`names`: what the shop calls ours; `facets`: attributes it has declared."""

    names: Mapping[str, Ours]
    facets: Facets

    def ours(self, name: str) -> Ours | None:
        """What an attribute of a record is; None: the shop's own."""
        return self.names.get(name) or BUILT_IN.get(name)

    @cached_property
    def theirs(self) -> Mapping[Ours, list[str]]:
        """By what it is here all its names in a record."""
        found: dict[Ours, list[str]] = {}
        for name, ours in (*BUILT_IN.items(), *self.names.items()):
            if name != "category_levels":
                found.setdefault(ours, []).append(name)
        return {ours: list(dict.fromkeys(names)) for ours, names in found.items()}

    def field(self, name: str) -> Field | None:
        """None: products cannot be filtered or counted by it."""
        level = LEVEL.fullmatch(name)
        if level and self.ours(level[1]) == "category_levels":
            return Field("category", "category", level=int(level[2]))
        ours = self.ours(name)
        if ours is not None and ours in COUNTED:
            return Field(COUNTED[ours], ours)
        bare = name.removeprefix(ATTRIBUTE) if name not in self.facets else name
        kind = self.facets.get(bare)
        return Field(kind, ATTRIBUTE + bare, bare) if kind else None

    def listed(self) -> list[str]:
        """All that can be counted, as `*` asks for."""
        return [*COUNTED, *(name for name, ours in self.names.items() if ours in COUNTED), *self.facets]
