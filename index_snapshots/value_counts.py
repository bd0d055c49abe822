"""How many products have each value: by code, and for categories by every path above them."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from index_snapshots.columns import NO_CODE
from schemas.facet_order import Path

Counts = npt.NDArray[np.int64]


def by_code(codes: npt.NDArray[Any], names: int = 0) -> Counts:
    """Shape (at least `names`,); products without a code are left out."""
    return np.bincount(codes[codes != NO_CODE], minlength=names)


def in_tree(counts: Iterable[tuple[Path, int]], below: Path = (), levels: int | None = None) -> dict[Path, int]:
    """From the paths of products to those that lie `levels` below one, or any number; each holds what lies below it."""
    found: dict[Path, int] = {}
    for path, number in counts:
        if path[: len(below)] == below:
            last = len(path) if levels is None else min(len(path), len(below) + levels)
            for depth in range(len(below) + 1, last + 1):
                found[path[:depth]] = found.get(path[:depth], 0) + number
    return found
