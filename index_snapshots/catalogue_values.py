"""What the products of a view are called: brands, categories and declared values, counted from its columns."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from index_snapshots.columns import CHUNK_ROWS, NO_CODE
from index_snapshots.facets import FrozenFacet
from index_snapshots.view import ShardView
from schemas.catalogue_values import VALUES_MAX, CatalogueValues, Named, NamedPath

Counts = npt.NDArray[np.int64]


def catalogue_values(view: ShardView, values_max: int = VALUES_MAX) -> CatalogueValues:
    """Of the products that are shown. Some ms for 100,000 products: not in an event loop."""
    visible = view.columns.whole("visible")
    brands = _counted(view.columns.whole("brand")[visible], len(view.words.brands.words))
    below: dict[tuple[str, ...], int] = {}
    categories = _counted(view.columns.whole("category")[visible], len(view.words.categories.paths))
    for path, count in zip(view.words.categories.paths, categories.tolist(), strict=False):
        for depth in range(1, len(path) + 1 if count else 1):
            below[path[:depth]] = below.get(path[:depth], 0) + count
    paths = sorted(below.items(), key=lambda one: (-one[1], one[0]))[:values_max]
    return CatalogueValues(
        brands=_most(zip(view.words.brands.words, brands.tolist(), strict=False), values_max),
        categories=[NamedPath(path=list(path), products=count) for path, count in paths],
        attributes={
            name: _most(_values(facet, visible), values_max)
            for name, facet in view.facets.items()
            if facet.kind == "value"
        },
    )


def _counted(codes: npt.NDArray[Any], names: int) -> Counts:
    """How often each code occurs, (names,)."""
    return np.bincount(codes[codes != NO_CODE], minlength=names)[:names].astype(np.int64)


def _values(facet: FrozenFacet, visible: npt.NDArray[np.bool_]) -> Iterable[tuple[str, int]]:
    codes = dict(facet.codes)  # the writer may add to it meanwhile
    counts: Counts = np.zeros(len(codes), dtype=np.int64)
    for at, pairs in enumerate(facet.chunks):
        shown = visible[at * CHUNK_ROWS : (at + 1) * CHUNK_ROWS]
        counts += _counted(pairs.values[shown[pairs.positions]], len(codes))
    return [(value, int(counts[code])) for value, code in codes.items() if isinstance(value, str)]


def _most(counted: Iterable[tuple[str, int]], values_max: int) -> list[Named]:
    """The most frequent ones, ties by value; none that nothing has."""
    ordered = sorted((-count, value) for value, count in counted if count and value.strip())
    return [Named(value=value, products=-count) for count, value in ordered[:values_max]]
