"""The brands and categories of one shard with the number of products that are shown, for suggestions."""

import time
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Final, NamedTuple

from index_snapshots.conditions import Bools
from index_snapshots.names import Fit, Names
from index_snapshots.value_counts import by_code, in_tree
from index_snapshots.view import ShardView
from schemas.filters import Filters

COUNT_EVERY_S: Final = 1.0
"""Products are counted anew at most so often: 1 ms of 100,000."""
BUILD_SHARE: Final = 1 / 20
"""Of the time that may go into new names, while an import brings ever more of them."""
NAMES_MAX: Final = 20_000
"""Of each kind: later ones are not suggested. 5,000 take 30 ms to read."""

Name = tuple[str, ...]


class Named(NamedTuple):
    """A brand, or the path of a category."""

    name: Name
    products: int
    fit: Fit


class Counted(NamedTuple):
    """Names of one kind at one time."""

    names: Names
    texts: list[Name]
    products: list[int]
    """Shown now; 0: it is not suggested."""

    def suggested(self, typed: str, limit: int) -> list[Named]:
        """Best first: what fits best, then what has the most products."""
        found = (Named(self.texts[at], self.products[at], fit) for at, fit in self.names.fitting(typed))
        return sorted((one for one in found if one.products), key=rank)[:limit]


def rank(one: Named) -> tuple[Fit, int, Name]:
    return one.fit, -one.products, one.name


NOTHING: Final = Counted(Names(()), [], [])


class ShardNames:
    """Any thread may ask; one at a time looks at what has changed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._brands, self._categories = NOTHING, NOTHING
        self._known = (0, 0)
        """Words of the vocabulary that were read."""
        self._next_s = -float("inf")
        self._build_s = -float("inf")

    def of(self, view: ShardView) -> tuple[Counted, Counted]:
        """Brands and categories, at most COUNT_EVERY_S old."""
        if self._clock() >= self._next_s and self._lock.acquire(blocking=self._brands is NOTHING):
            try:
                self._read(view)
            finally:
                self._lock.release()
        return self._brands, self._categories

    def _read(self, view: ShardView) -> None:
        began_s = self._clock()
        known = (len(view.words.brands.words), len(view.words.categories.paths))
        texts = self._brands.texts, self._categories.texts
        names = self._brands.names, self._categories.names
        if known != self._known and began_s >= self._build_s:
            brands: list[Name] = [(brand,) for brand in view.words.brands.words[:NAMES_MAX]]
            categories = nodes(view.words.categories.paths[:NAMES_MAX])[:NAMES_MAX]
            texts = brands, categories
            names = Names(name for (name,) in brands), Names(path[-1] for path in categories)
            self._known = known
            self._build_s = began_s + (self._clock() - began_s) / BUILD_SHARE
        visible = view.columns.whole("visible")
        self._brands = Counted(names[0], texts[0], brand_counts(view, texts[0], visible))
        self._categories = Counted(names[1], texts[1], category_counts(view, texts[1], visible))
        self._next_s = self._clock() + COUNT_EVERY_S


def passing_names(view: ShardView, brands: Counted, categories: Counted, filters: Filters) -> tuple[Counted, Counted]:
    """The same names with the products that pass: 1 ms of 100,000. Raises InvalidRequest for undeclared attributes."""
    passing = view.filters.mask(filters).passing
    return (
        brands._replace(products=brand_counts(view, brands.texts, passing)),
        categories._replace(products=category_counts(view, categories.texts, passing)),
    )


def brand_counts(view: ShardView, texts: Sequence[Name], among: Bools) -> list[int]:
    """By brand the products whose slots are `among` these."""
    return filled(_coded(view, "brand", among), len(texts))


def category_counts(view: ShardView, texts: Sequence[Name], among: Bools) -> list[int]:
    """By category, what is below it counted too."""
    below = in_tree(zip(view.words.categories.paths, _coded(view, "category", among), strict=False))
    return [below.get(path, 0) for path in texts]


def _coded(view: ShardView, column: str, among: Bools) -> list[int]:
    counts: list[int] = by_code(view.columns.whole(column)[among]).tolist()
    return counts


def filled(counts: list[int], length: int) -> list[int]:
    return (counts + [0] * length)[:length]


def nodes(paths: Sequence[Name]) -> list[Name]:
    """Every category that is one of `paths` or stands above one."""
    return list(dict.fromkeys(path[:depth] for path in paths for depth in range(1, len(path) + 1)))
