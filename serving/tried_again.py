"""What of a request would have to be another to bring a product to its first page: tried, by searching again."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from schemas.filter_groups import named, without
from schemas.filters import Filters
from schemas.search import SearchRequest, UnderstandStep
from serving.search import Found
from serving.whereabouts import listed

TRIED_MAX: Final = 5
"""Searches for one answer that is explained."""
FELL_OUT: Final = frozenset(("paging", "filters", "candidates"))
"""Stages at which another request may help."""

Search = Callable[[SearchRequest], Awaitable[Found]]


class Effects(NamedTuple):
    """What a search did beside looking for its text."""

    steps: Sequence[UnderstandStep]
    """By which the query was read."""
    synonyms: bool
    """Whether it has any."""
    price: float | None = None
    """Of the product, where that is what a filter asks for."""


class Other(NamedTuple):
    """A request of which some fields are others."""

    says: str
    """How it searches, in words."""
    update: dict[str, Any]
    """By field of the request."""
    before: dict[str, Any]


async def tried_again(
    sku: str, told: dict[str, Any], request: SearchRequest, found: Found, effects: Effects, search: Search
) -> dict[str, Any]:
    """`told`: where the product is, as `whereabouts` tells it. What is to be added: `tried`, with the rank that each
    gives (None: not among the hits, of which `among` are known), and the first of them that brings it to the first page
    as `smallest_change`.

    Empty where nothing is to be tried, a weight of the ranking is enough, or the product is on the first page.
    """
    if told["stage"] not in FELL_OUT or told.get("smallest_change") or told.get("page") == 1:
        return {}
    tried = []
    for other in [*_others(told, request, found, effects)][:TRIED_MAX]:
        first_page = {**other.update, "page": 1, "facets": [], "explain": False, "explain_sku": None}
        skus = listed(await search(request.model_copy(update=first_page)))
        rank = skus.index(sku) + 1 if sku in skus else None
        tried.append({**_fields(other), "says": other.says, "rank": rank, "among": len(skus)})
    bring = [one for one in tried if one["rank"] is not None and one["rank"] <= request.limit]
    return {"tried": tried, "smallest_change": bring[0] if bring else None} if tried else {}


def _fields(other: Other) -> dict[str, Any]:
    """As a weight that changes is told; both as objects where it is more than one field."""
    name, *more = other.update
    before, after = (
        {field: _plain(value) for field, value in fields.items()} for fields in (other.before, other.update)
    )
    if more:
        return {"setting": " and ".join(other.update), "before": before, "after": after}
    return {"setting": name, "before": before[name], "after": after[name]}


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json", exclude_none=True) if isinstance(value, Filters) else value


def _others(told: dict[str, Any], request: SearchRequest, found: Found, effects: Effects) -> Iterator[Other]:
    """Only what had an effect, the least of them first."""
    if told["stage"] == "filters":
        yield from _farther(request.filters, effects.price)
        left_out = _unfiltered(told, request, found, effects)
        yield from [left_out] if left_out.update else []
        return
    if found.leaning is not None:
        yield Other("without what the session clicked", {"personalise": False}, {"personalise": True})
    if found.corrected is not None:
        yield Other("with the words as they were typed", {"typos": False}, {"typos": True})
    if effects.synonyms:
        yield Other("without synonyms", {"synonyms": False}, {"synonyms": True})
    if taken := sorted({note.step for note in found.understood.notes}):
        left = [step for step in effects.steps if step not in taken]
        says = f"without reading {', '.join(taken)} out of the query"
        yield Other(says, {"understand": left}, {"understand": list(effects.steps)})
    if request.mode == "hybrid" and found.understood.meaning:
        yield Other("by words alone", {"mode": "words"}, {"mode": "hybrid"})
        yield Other("by meaning alone", {"mode": "vector"}, {"mode": "hybrid"})


def failed(told: dict[str, Any]) -> list[str]:
    """Conditions that the product does not meet."""
    return [name for name, holds in told.get("conditions", {}).items() if not holds]


def _farther(filters: Filters, price: float | None) -> Iterator[Other]:
    """With the bound of the price that shuts the product out moved to its price."""
    if price is None:
        return
    for field, low in (("price_min", True), ("price_max", False)):
        bound = getattr(filters, field)
        if bound is not None and (price < bound if low else price > bound):
            moved = filters.model_copy(update={field: price})
            says = f"with a price of {'at least' if low else 'up to'} {price:g} instead of {bound:g}"
            yield Other(says, {"filters": moved}, {"filters": filters})


def _unfiltered(told: dict[str, Any], request: SearchRequest, found: Found, effects: Effects) -> Other:
    """Without the conditions that the product does not meet, those that were read out of the query too."""
    names = failed(told)
    left = _without(request.filters, names)
    update: dict[str, Any] = {"filters": left} if left != request.filters else {}
    before: dict[str, Any] = {"filters": request.filters} if update else {}
    if "price" in names and not found.understood.price.empty:
        update["understand"] = [step for step in effects.steps if step != "prices"]
        before["understand"] = list(effects.steps)
    read_out = " that is read out of the query" if list(update) == ["understand"] else ""
    return Other(f"without the filter by {', '.join(names)}{read_out}", update, before)


def _without(filters: Filters, names: Sequence[str]) -> Filters:
    """`names`: as `WhereAnswer.conditions` has them."""
    every = [one for number, one in enumerate(filters.all or ()) if f"all.{number}" not in names]
    gone: dict[str, Any] = {field: None for name, field in (("any", "any"), ("not", "not_")) if name in names}
    left = without(filters, [name for name in names if name in named(filters)])
    return left.model_copy(update={**gone, "all": every or None})
