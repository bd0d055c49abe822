"""Facets, and what to group by, against what a shop has declared."""

from collections.abc import Sequence

from schemas.errors import InvalidRequest, Problem
from schemas.facet_ask import ATTRIBUTE, EVERY, NUMBERS, VALUES, FacetAsk
from schemas.facets import Facets, listed


def spelt_out(asks: list[FacetAsk], declared: Facets) -> list[FacetAsk]:
    """With each declared attribute instead of EVERY, but for those that are asked for by themselves."""
    if all(ask.field != EVERY for ask in asks):
        return asks
    alone = [ask for ask in asks if ask.field != EVERY]
    named = {ask.attribute for ask in alone}
    return [*alone, *(FacetAsk(field=ATTRIBUTE + name) for name in declared if name not in named)]


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
