"""Indexes as InstantSearch's clients name them: each is the catalogue, sorted in one way."""

from schemas.sorting import Sort
from serving.keys.grant import Grant
from serving.parts import Wiring
from serving.problems import Refusal


def sort_of(index: object, grant: Grant, wiring: Wiring) -> Sort:
    """Raises Refusal: 404 for an index that is not declared, 403 for one that the key may not name."""
    if not isinstance(index, str) or index not in wiring.indexes:
        raise Refusal(
            404,
            "unknown_index",
            f"Index {index} does not exist",
            hint=f"FRESHET_INSTANTSEARCH_INDEXES declares {', '.join(wiring.indexes)}",
        )
    if not grant.names(index):
        raise Refusal(403, "index_refused", f"the key {grant.who} is not for the index {index}")
    return wiring.indexes[index]
