"""Facets: the attributes a shop declares so that products can be filtered by them, and filters that keep to them.

A declaration is `name:kind`. Kinds: `value` (text or true/false; one of a list is enough) and `number` (ranges).
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal, get_args

from schemas.errors import InvalidRequest, Problem
from schemas.filters import Filters, NumberRange
from schemas.limits import ATTRIBUTE_NAME_CHARS_MAX, FACETS_MAX

FacetKind = Literal["value", "number"]
KINDS: Final[tuple[FacetKind, ...]] = get_args(FacetKind)
Facets = Mapping[str, FacetKind]
"""Kind by name of the attribute."""


def parse_facets(declared: Iterable[str]) -> dict[str, FacetKind]:
    """Reads declarations. Raises ValueError that names the wrong one."""
    facets: dict[str, FacetKind] = {}
    for text in declared:
        name, colon, word = text.rpartition(":")
        kind = next((kind for kind in KINDS if kind == word.strip()), None)
        name = name.strip()
        if not colon or not name or kind is None:
            raise ValueError(f"{text!r} is not name:kind with kind {' or '.join(KINDS)}, such as colour:value")
        if len(name) > ATTRIBUTE_NAME_CHARS_MAX:
            raise ValueError(f"the name of {text!r} is longer than {ATTRIBUTE_NAME_CHARS_MAX} characters")
        if name in facets:
            raise ValueError(f"{name!r} is declared twice")
        facets[name] = kind
    if len(facets) > FACETS_MAX:
        raise ValueError(f"{len(facets)} attributes are declared; at most {FACETS_MAX} can be")
    return facets


def check_filters(filters: Filters, facets: Facets) -> None:
    """Raises InvalidRequest, undeclared_attribute or wrong_attribute_kind, with a problem per attribute."""
    undeclared, wrong = [], []
    for field, name, kind in _asked(filters, "filters"):
        declared = facets.get(name)
        if declared is None:
            undeclared.append(Problem(field, f"the attribute {name!r} is not declared as a facet"))
        elif declared != kind:
            ask = '{"min": ..., "max": ...}' if declared == "number" else "a list of values"
            wrong.append(Problem(field, f"the attribute {name!r} holds a {declared}: ask for {ask}"))
    if undeclared or wrong:
        code = "undeclared_attribute" if undeclared else "wrong_attribute_kind"
        problems = (*undeclared, *wrong)
        raise InvalidRequest(
            code,
            "; ".join(f"{field}: {problem}" for field, problem in problems[:5]) + f". Declared: {listed(facets)}",
            problems,
            hint="filter by declared attributes, or declare another one in FRESHET_FACETS and start Freshet again"
            if undeclared
            else "docs/api.md, Filtering, shows both kinds",
        )


def _asked(filters: Filters, at: str) -> Iterator[tuple[str, str, FacetKind]]:
    """(field, attribute, kind) of every condition on an attribute, in the order written."""
    for name, asked in (filters.attributes or {}).items():
        yield f"{at}.attributes.{name}", name, "number" if isinstance(asked, NumberRange) else "value"
    for word, inner in filters.inside():
        yield from _asked(inner, f"{at}.{word}")


def listed(facets: Facets) -> str:
    return ", ".join(f"{name} ({kind})" for name, kind in facets.items()) or "none"
