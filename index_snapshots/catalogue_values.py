"""What the products of a view are called: brands, categories and declared values, counted from its columns."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from index_snapshots.columns import CHUNK_ROWS
from index_snapshots.facets import FrozenFacet
from index_snapshots.value_counts import Counts, by_code, in_tree
from index_snapshots.view import ShardView
from schemas.catalogue_values import VALUES_MAX, CatalogueValues, Named, NamedPath


def catalogue_values(view: ShardView, values_max: int = VALUES_MAX) -> CatalogueValues:
    """Of the products that are shown. Some ms for 100,000 products: not in an event loop."""
    visible = view.columns.whole("visible")
    brands = by_code(view.columns.whole("brand")[visible])
    categories = by_code(view.columns.whole("category")[visible]).tolist()
    counted = (pair for pair in zip(view.words.categories.paths, categories, strict=False) if pair[1])
    paths = sorted(in_tree(counted).items(), key=lambda one: (-one[1], one[0]))[:values_max]
    return CatalogueValues(
        brands=_most(zip(view.words.brands.words, brands.tolist(), strict=False), values_max),
        categories=[NamedPath(path=list(path), products=count) for path, count in paths],
        attributes={
            name: _most(_values(facet, visible), values_max)
            for name, facet in view.facets.items()
            if facet.kind == "value"
        },
    )


def _values(facet: FrozenFacet, visible: npt.NDArray[np.bool_]) -> Iterable[tuple[str, int]]:
    codes = dict(facet.codes)  # the writer may add to it meanwhile
    counts: Counts = np.zeros(len(codes), dtype=np.int64)
    for at, pairs in enumerate(facet.chunks):
        shown = visible[at * CHUNK_ROWS : (at + 1) * CHUNK_ROWS]
        counts += by_code(pairs.values[shown[pairs.positions]].astype(np.int32), len(codes))[: len(codes)]
    return [(value, int(counts[code])) for value, code in codes.items() if isinstance(value, str)]


def _most(counted: Iterable[tuple[str, int]], values_max: int) -> list[Named]:
    """The most frequent ones, ties by value; none that nothing has."""
    ordered = sorted((-count, value) for value, count in counted if count and value.strip())
    return [Named(value=value, products=-count) for count, value in ordered[:values_max]]
