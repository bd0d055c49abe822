"""What a shop says of its InstantSearch storefront: names of its indexes, and of the attributes of its records."""

from collections.abc import Iterable, Mapping
from typing import Final, Literal, get_args

from schemas.sorting import RELEVANCE, Sort

SORTS: Final[tuple[Sort, ...]] = get_args(Sort)
Ours = Literal[
    "title",
    "description",
    "brand",
    "category",
    "category_levels",
    "price",
    "currency",
    "stock",
    "in_stock",
    "availability",
    "image",
    "images",
    "url",
    "locale",
]
OURS: Final[tuple[Ours, ...]] = get_args(Ours)
"""What a record holds besides the shop's own attributes. `category` is a path; `category_levels` the same as `lvl0`,
`lvl1`, ..., each from the root; `image` the first of `images`."""
BUILT_IN: Final[Mapping[str, Ours]] = {ours: ours for ours in OURS} | {"hierarchicalCategories": "category_levels"}
"""Names that need not be declared."""
NAME_CHARS_MAX: Final = 200
INDEXES_MAX: Final = 100
NAMES_MAX: Final = 100


def parse_indexes(declared: Iterable[str]) -> dict[str, Sort]:
    """By name of an index how it sorts. `name` stands for itself and, with `_price_asc` and the like behind
    it, its sorted forms; `name=sort` for one. Raises ValueError that names the wrong one."""
    indexes: dict[str, Sort] = {}
    for text in declared:
        name, equals, word = text.partition("=")
        if not 0 < len(name) <= NAME_CHARS_MAX or "*" in name or "/" in name:
            raise ValueError(f"{text!r} does not begin with the name of an index, without * and /")
        if not equals:
            indexes |= {name if sort == RELEVANCE else f"{name}_{sort}": sort for sort in SORTS}
            continue
        sort = next((sort for sort in SORTS if sort == word), None)
        if sort is None:
            raise ValueError(f"{text!r} is not name=sort with one of {', '.join(SORTS)}")
        indexes[name] = sort
    if not 0 < len(indexes) <= INDEXES_MAX:
        raise ValueError(f"{len(indexes)} indexes are declared; there must be 1 to {INDEXES_MAX}")
    return indexes


def parse_names(declared: Iterable[str]) -> dict[str, Ours]:
    """By name in the shop's records what it is here. Raises ValueError that names the wrong one."""
    names: dict[str, Ours] = {}
    for text in declared:
        name, _, word = text.partition("=")
        ours = next((ours for ours in OURS if ours == word), None)
        if not 0 < len(name) <= NAME_CHARS_MAX or ours is None:
            raise ValueError(f"{text!r} is not name=field with one of {', '.join(OURS)}")
        names[name] = ours
    if len(names) > NAMES_MAX:
        raise ValueError(f"{len(names)} names are declared; at most {NAMES_MAX} can be")
    return names
