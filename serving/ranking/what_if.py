"""What would bring a product among the first hits: the smallest change of one weight of the formula."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from schemas.ranking import RankWeights
from serving.ranking.formula import scored
from serving.ranking.ranking import Ranked, in_order, stages_of

PAST: Final = 1e-6
"""A weight is put so far past the value at which two products are equal."""
TRIED_MAX: Final = 60
"""Values of one weight at which the window is ranked anew, nearest first; each takes some tenths of a millisecond."""
VARIED: Final = 2
"""Where variety counts a product may come so many times as far to the front as its score alone says."""


class Change(NamedTuple):
    setting: str
    """As FRESHET_RANK_STOCK."""
    before: float
    after: float
    rank: int
    """Where the product would stand."""


def smallest_change(ranked: Ranked, sku: str, first: int) -> Change | None:
    """To be among the `first` hits. None: no weight alone does it, or the formula did not rank."""
    if ranked.ranker != "formula" or ranked.exact or sku not in ranked.window.place:
        return None
    found = [change for name in RankWeights.model_fields if (change := _of_weight(ranked, sku, first, name))]
    return min(found, key=lambda one: abs(one.after - one.before), default=None)


def _of_weight(ranked: Ranked, sku: str, first: int, name: str) -> Change | None:
    before = float(getattr(ranked.weights, name))
    reach = first if ranked.mmr_lambda >= 1 else VARIED * first
    for value in list(_values(ranked, sku, name, before, reach))[:TRIED_MAX]:
        weights = ranked.weights.model_copy(update={name: value})
        stages = stages_of(ranked.ranker, weights, ranked.exact, ranked.mmr_lambda)
        rank = 1 + list(in_order(ranked.window, stages).places).index(ranked.window.place[sku])
        if rank <= first:
            return Change(f"FRESHET_RANK_{name.upper()}", before, round(value, 6), rank)
    return None


class Line(NamedTuple):
    """A score over one weight: it is a straight line."""

    at_0: float
    slope: float

    def at(self, value: float) -> float:
        return self.at_0 + self.slope * value


def _values(ranked: Ranked, sku: str, name: str, before: float, reach: int) -> Iterator[float]:
    """Those at which the product overtakes another one and fewer than `reach` have a higher score, nearest first."""
    low, high = (ranked.weights.model_copy(update={name: end}) for end in (0.0, 1.0))

    ends = zip(scored(ranked.window, low), scored(ranked.window, high), strict=True)
    others = [Line(at_0, at_1 - at_0) for at_0, at_1 in ends]
    mine = others.pop(ranked.window.place[sku])
    crossings = {0.0, 1.0}
    for other in others:
        if mine.slope != other.slope:
            at = (other.at_0 - mine.at_0) / (mine.slope - other.slope)
            crossings |= {value for value in (at - PAST, at + PAST) if 0 <= value <= 1}
    for value in sorted(crossings, key=lambda value: abs(value - before)):
        if sum(other.at(value) > mine.at(value) for other in others) < reach:
            yield value
