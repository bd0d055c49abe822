"""Facets against what a shop has declared, and a request's filters without a facet's own."""

from collections.abc import Sequence
from typing import Final

from schemas.errors import InvalidRequest, Problem
from schemas.facet_ask import ATTRIBUTE, NUMBERS, VALUES, FacetAsk
from schemas.facets import Facets, listed
from schemas.filters import Filters

OWN: Final = {
    "brand": ("brand",),
    "category": ("category",),
    "in_stock": ("in_stock",),
    "price": ("price_min", "price_max"),
}
"""Fields of `Filters` that choose among what a facet counts."""


def check_facets(asks: Sequence[FacetAsk], declared: Facets) -> None:
    """Raises InvalidRequest, undeclared_attribute or invalid_request, with a problem per facet."""
    undeclared, wrong = [], []
    for number, ask in enumerate(asks):
        if ask.attribute is None:
            continue
        kind = declared.get(ask.attribute)
        if kind is None:
            undeclared.append(Problem(f"facets.{number}.field", f"{ask.attribute!r} is not declared as a facet"))
            continue
        try:
            ask.refuse_other(NUMBERS if kind == "number" else VALUES)
        except ValueError as error:
            wrong.append(Problem(f"facets.{number}", f"{error}, which holds a {kind}"))
    problems = (*undeclared, *wrong)
    if problems:
        raise InvalidRequest(
            "undeclared_attribute" if undeclared else "wrong_attribute_kind",
            "; ".join(f"{field}: {problem}" for field, problem in problems[:5]),
            problems,
            hint=f"declared in FRESHET_FACETS: {listed(declared)}",
        )


def check_group(field: str | None, declared: Facets) -> None:
    """Raises InvalidRequest where products cannot be grouped by this."""
    if field is None or not field.startswith(ATTRIBUTE):
        return
    name = field.removeprefix(ATTRIBUTE)
    kind = declared.get(name)
    if kind != "value":
        why = "is not declared as a facet" if kind is None else f"holds a {kind}; only by a value can be grouped"
        code = "undeclared_attribute" if kind is None else "wrong_attribute_kind"
        problem = Problem("group_by", f"{name!r} {why}")
        raise InvalidRequest(
            code, f"group_by: {problem.problem}", (problem,), hint=f"declared in FRESHET_FACETS: {listed(declared)}"
        )


def without(filters: Filters, field: str) -> Filters:
    """The filters but for those of this facet; those inside `all`, `any` and `not` stay. Returns `filters` itself where
    there are none."""
    own = OWN.get(field)
    if own is not None:
        given = [name for name in own if getattr(filters, name) is not None]
        return filters.model_copy(update=dict.fromkeys(given)) if given else filters
    name = field.partition(".")[2]
    if name not in (filters.attributes or {}):
        return filters
    left = {other: asked for other, asked in (filters.attributes or {}).items() if other != name}
    return filters.model_copy(update={"attributes": left or None})
