"""What happened when during a drill; seconds of the monotonic clock."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple


class Asked(NamedTuple):
    """One search; seconds of one clock."""

    due_s: float
    answered_s: float
    whole: bool
    """Answered, with nothing left out."""


class Struck(NamedTuple):
    """One fault, over at once or after a while, and when all was as before."""

    name: str
    begun_s: float
    over_s: float
    normal_s: float


class Found(NamedTuple):
    """A change, from its acknowledgement to the first answer that showed it."""

    acked_s: float
    found_s: float

    @property
    def wait_s(self) -> float:
        return self.found_s - self.acked_s


def gaps(asked: Sequence[Asked]) -> list[tuple[float, float]]:
    """Spans between one good answer and the next, the edges included; none without questions."""
    if not asked:
        return []
    good = sorted(one.answered_s for one in asked if one.whole)
    end_s = max([asked[-1].due_s, *good[-1:]])
    return list(pairwise([asked[0].due_s, *good, end_s]))
