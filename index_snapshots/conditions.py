"""Filters as conditions on one chunk of a view: which of its slots pass, from columns of codes, numbers and facets."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, Final, Literal, Protocol

import numpy as np
import numpy.typing as npt

from index_snapshots.columns import CHUNK_ROWS
from index_snapshots.facets import FrozenFacets, Pairs
from index_snapshots.stored import Vocabulary
from schemas.filters import Filters, NumberRange

Bools = npt.NDArray[np.bool_]
Source = tuple[Literal["column", "facet"], str]
"""What a condition looks at."""
VISIBLE: Final[Source] = ("column", "visible")
COMPARED_MAX: Final = 4
"""Up to so many codes it is cheaper to compare with each than to look them up in a table (measured)."""

Chunk = Mapping[Source, Any]
"""One chunk of every source."""


class Condition(Protocol):
    """Something that is true or not for each slot of a chunk."""

    def sources(self) -> Iterator[Source]: ...
    def passing(self, chunk: Chunk) -> Bools:
        """Shape (CHUNK_ROWS,); the caller may write into it."""


def condition(filters: Filters, words: Vocabulary, facets: FrozenFacets) -> Condition:
    """What the filters ask of a product, its visibility aside. Their attributes are declared (`check_filters`).

    The words are read now: every chunk frozen before holds codes of these words only.
    """
    return All(tuple(_conditions(filters, words, facets)))


def _conditions(filters: Filters, words: Vocabulary, facets: FrozenFacets) -> Iterator[Condition]:
    if filters.brand is not None:
        yield Among("brand", Codes.of(words.brands.known(filters.brand), words.brands.words))
    if filters.category is not None:
        codes = words.categories.below(map(tuple, filters.category))
        yield Among("category", Codes.of(codes, words.categories.paths))
    if filters.price_min is not None or filters.price_max is not None:
        yield Within("price", *_ends(filters.price_min, filters.price_max))
    if filters.currency is not None:
        yield Among("currency", Codes.of(words.currencies.known([filters.currency]), words.currencies.words))
    if filters.in_stock is not None:
        yield Equal("in_stock", filters.in_stock)
    for name, asked in (filters.attributes or {}).items():
        if isinstance(asked, NumberRange):
            yield HasNumber(name, *_ends(asked.min, asked.max))
        else:
            known = facets[name].codes
            yield HasValue(name, Codes.of([known[value] for value in asked if value in known], known))
    yield from (condition(inner, words, facets) for inner in filters.all or ())
    if filters.any is not None:
        yield AnyOf(tuple(condition(inner, words, facets) for inner in filters.any))
    if filters.not_ is not None:
        yield Not(condition(filters.not_, words, facets))


def _ends(low: float | None, high: float | None) -> tuple[float, float]:
    """None: open."""
    return -inf if low is None else low, inf if high is None else high


@dataclass(frozen=True)
class All:
    """Every one holds; true where there is none."""

    conditions: tuple[Condition, ...]

    def sources(self) -> Iterator[Source]:
        return (source for each in self.conditions for source in each.sources())

    def passing(self, chunk: Chunk) -> Bools:
        if not self.conditions:
            return np.ones(CHUNK_ROWS, np.bool_)
        first, *others = self.conditions
        passing = first.passing(chunk)
        for each in others:
            passing &= each.passing(chunk)
        return passing


@dataclass(frozen=True)
class AnyOf:
    """At least one holds."""

    conditions: tuple[Condition, ...]

    def sources(self) -> Iterator[Source]:
        return (source for each in self.conditions for source in each.sources())

    def passing(self, chunk: Chunk) -> Bools:
        first, *others = self.conditions
        passing = first.passing(chunk)
        for each in others:
            passing |= each.passing(chunk)
        return passing


@dataclass(frozen=True)
class Not:
    """It is not true, be it that nothing is known."""

    condition: Condition

    def sources(self) -> Iterator[Source]:
        return self.condition.sources()

    def passing(self, chunk: Chunk) -> Bools:
        passing = self.condition.passing(chunk)
        return np.logical_not(passing, out=passing)


@dataclass(frozen=True)
class Codes:
    """A set of codes of one vocabulary."""

    codes: tuple[int, ...]
    table: Bools | None
    """By code, and False at the end, where NO_CODE (-1) looks; None for few codes."""

    @classmethod
    def of(cls, codes: Sequence[int], words: Any) -> "Codes":
        """`words`: the vocabulary, at least as long as it was when the chunk was made."""
        if len(codes) <= COMPARED_MAX:
            return cls(tuple(codes), None)
        table = np.zeros(len(words) + 1, np.bool_)
        table[list(codes)] = True
        return cls(tuple(codes), table)

    def holds(self, column: npt.NDArray[np.int32]) -> Bools:
        """Which entries (n,) are in the set."""
        if self.table is not None:
            return np.asarray(self.table[column.astype(np.intp)])
        if not self.codes:
            return np.zeros(len(column), np.bool_)
        first, *others = self.codes
        found = np.asarray(column == first)
        for code in others:
            found |= column == code
        return found


@dataclass(frozen=True)
class Among:
    """A column of codes holds one of these."""

    column: str
    codes: Codes

    def sources(self) -> Iterator[Source]:
        yield "column", self.column

    def passing(self, chunk: Chunk) -> Bools:
        return self.codes.holds(chunk["column", self.column])


@dataclass(frozen=True)
class Within:
    """A column of numbers lies between two, both included; NaN lies nowhere."""

    column: str
    low: float
    high: float

    def sources(self) -> Iterator[Source]:
        yield "column", self.column

    def passing(self, chunk: Chunk) -> Bools:
        return _between(chunk["column", self.column], self.low, self.high)


@dataclass(frozen=True)
class Equal:
    """A column of truth values is this one."""

    column: str
    value: bool

    def sources(self) -> Iterator[Source]:
        yield "column", self.column

    def passing(self, chunk: Chunk) -> Bools:
        return np.asarray(chunk["column", self.column] == self.value)


@dataclass(frozen=True)
class HasValue:
    """An attribute has one of these values."""

    facet: str
    codes: Codes

    def sources(self) -> Iterator[Source]:
        yield "facet", self.facet

    def passing(self, chunk: Chunk) -> Bools:
        pairs: Pairs = chunk["facet", self.facet]
        return _scattered(pairs, self.codes.holds(pairs.values))


@dataclass(frozen=True)
class HasNumber:
    """An attribute has a number between two, both included."""

    facet: str
    low: float
    high: float

    def sources(self) -> Iterator[Source]:
        yield "facet", self.facet

    def passing(self, chunk: Chunk) -> Bools:
        pairs: Pairs = chunk["facet", self.facet]
        return _scattered(pairs, _between(pairs.values, self.low, self.high))


def _between(numbers: npt.NDArray[np.float64], low: float, high: float) -> Bools:
    found = np.asarray(numbers >= low)
    found &= numbers <= high
    return found


def _scattered(pairs: Pairs, found: Bools) -> Bools:
    """From pairs (n,) to the slots of the chunk, (CHUNK_ROWS,). This way round it costs a fifth of the plain one."""
    passing = np.zeros(CHUNK_ROWS, np.bool_)
    if pairs.gapless:
        passing[: len(found)] = found
    else:
        passing[pairs.positions.compress(found).astype(np.intp)] = True
    return passing
