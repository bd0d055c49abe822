"""What a shard tells of one product; of one that the asker must not see, no more than of one that there is not."""

from typing import Any

import numpy as np
from pydantic import ValidationError

from index_snapshots.view import ShardView
from schemas.errors import InvalidRequest
from schemas.filters import Filters

UNKNOWN: dict[str, Any] = {"hit": None, "deleted": False, "waiting": None, "passes": False}


def product(view: ShardView, sku: str, filters: str | None) -> dict[str, Any]:
    """As SkuOnShard but for its state. `filters`: JSON of Filters. Raises InvalidRequest for filters that cannot be."""
    if filters is not None and not _passes(view, sku, filters):
        return UNKNOWN
    found = view.lookup(sku)
    told = {"hit": found.hit.model_dump() if found.hit else None, "deleted": found.deleted, "waiting": found.waiting}
    return told if filters is None else {**told, "passes": found.hit is not None}


def _passes(view: ShardView, sku: str, filters: str) -> bool:
    try:
        asked = Filters.model_validate_json(filters)
    except ValidationError as error:
        raise InvalidRequest("bad_request", str(error)[:500]) from None
    found = view.found(sku)
    return found is not None and bool(view.filters.mask(asked).has(np.array([found.slot]))[0])
