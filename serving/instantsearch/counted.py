"""Facets as InstantSearch's clients ask for them and are told."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from schemas import limits
from schemas.facet_ask import FacetAsk
from schemas.facet_counts import FacetCounts, FacetValue
from serving.instantsearch.fields import SEPARATOR, Field, Fields

ALL: Final = "*"
VALUED: Final = ("brand", "category", "value")
NUMBERS: Final = ("price", "number")


class Wanted(NamedTuple):
    """`asks`: what is counted; `told`: under which names, and of what; `undeclared`: what nothing can be told of."""

    asks: list[FacetAsk]
    told: Mapping[str, Field]
    undeclared: Sequence[str]


def wanted(names: Iterable[str], fields: Fields, values_max: int) -> Wanted:
    """Each field is counted once, whatever it is called: categories as deep as the deepest level asked for."""
    every = [one for name in names for one in (fields.listed() if name == ALL else [name])]
    known = {name: field for name in dict.fromkeys(every) if (field := fields.field(name)) is not None}
    asks = {field.ask: _ask(field, list(known.values()), values_max) for field in known.values()}
    return Wanted(list(asks.values()), known, [name for name in every if name not in known])


def _ask(field: Field, every: Sequence[Field], values_max: int) -> FacetAsk:
    limit = min(values_max, limits.FACET_VALUES_MAX)
    if field.kind == "category":
        depths = [
            limits.CATEGORY_LEVELS_MAX if one.level is None else one.level + 1
            for one in every
            if one.kind == "category"
        ]
        return FacetAsk(field=field.ask, limit=limits.FACET_VALUES_MAX, levels=max(depths))
    if field.kind in VALUED:
        return FacetAsk(field=field.ask, limit=limit)
    return FacetAsk(field=field.ask, values=limit) if field.kind in NUMBERS else FacetAsk(field=field.ask)


def facets_told(counts: Mapping[str, FacetCounts], asked: Wanted, values_max: int, by_name: bool) -> dict[str, Any]:
    """`facets`, `facets_stats` and whether all of it is exact. `by_name`: values in their order, else by counts."""
    facets: dict[str, dict[str, int]] = {}
    stats: dict[str, dict[str, float]] = {}
    exact = True
    for name, field in asked.told.items():
        if (counted := counts.get(field.ask)) is None:
            continue
        exact = exact and counted.exact and len(counted.values) >= min(counted.distinct, values_max)
        facets[name] = _values(counted, field, values_max, by_name)
        if counted.stats is not None:
            found = counted.stats
            stats[name] = {
                "min": found.min,
                "max": found.max,
                "avg": found.avg,
                "sum": round(found.avg * found.count, 4),
            }
    return {
        "facets": facets,
        **({"facets_stats": stats} if stats else {}),
        "exhaustiveFacetsCount": exact,
    }


def _values(counted: FacetCounts, field: Field, values_max: int, by_name: bool) -> dict[str, int]:
    found = {text_of(one.value): one.count for one in counted.values if field.has(one.value)}
    ordered = sorted(found.items(), key=lambda pair: pair[0] if by_name else (-pair[1], pair[0]))
    return dict(ordered[:values_max])


def text_of(value: FacetValue) -> str:
    """As a filter takes it back; numbers as JavaScript writes them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return SEPARATOR.join(value) if isinstance(value, list) else value
