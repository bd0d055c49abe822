"""Keeps a request to the products that its key may see: the key's filters are put beside those of the request, where
nothing takes them away again, and what tells of other products is left out."""

from collections.abc import Iterable, Sequence
from typing import Final

from pydantic import ValidationError

from schemas.facets import Facets, check_filters
from schemas.filters import NO_FILTERS, Filters
from schemas.search import SearchRequest, UnderstandStep
from serving.keys.grant import Grant
from serving.problems import invalid_request

OF_THE_QUERY_ALONE: Final[frozenset[UnderstandStep]] = frozenset(("prices", "units", "negation"))
"""The other steps know the brands, categories and values of all products, and say so."""


def limited(asked: SearchRequest, grant: Grant, steps: Iterable[UnderstandStep]) -> SearchRequest:
    """The search that is made instead. `steps`: what is understood when the request does not say. Raises InvalidRequest
    where there are too many filters together."""
    if not grant.limited:
        return asked
    wanted = steps if asked.understand is None else asked.understand
    understood = [step for step in wanted if step in OF_THE_QUERY_ALONE]
    silent = {"understand": understood, "typos": False, "explain": False, "explain_sku": None}
    return asked.model_copy(update={"filters": narrowed(asked.filters, grant.forced), **silent})


def narrowed(asked: Filters, forced: Sequence[Filters]) -> Filters:
    """Both. What stands in `all` is never left out by the fallback ladder, nor by a facet's own counts."""
    given = {name: value for name, value in asked if value is not None}
    given |= {"not": given.pop("not_")} if "not_" in given else {}
    try:
        return Filters.model_validate({**given, "all": [*(asked.all or ()), *forced]})
    except ValidationError as error:
        raise invalid_request(error) from None


def forced_filters(grant: Grant, facets: Facets) -> Filters:
    """By which all that the key sees passes; NO_FILTERS: it sees everything. Raises InvalidRequest for an attribute
    that is not declared."""
    only = Filters(all=list(grant.forced)) if grant.limited else NO_FILTERS
    check_filters(only, facets)
    return only
