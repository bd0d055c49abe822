"""How often each key and each address may ask: a token bucket for each, of this process alone, the longest unused one
forgotten where there are too many."""

from collections import OrderedDict
from collections.abc import Callable
from math import ceil
from typing import Final

from serving.allowance import Allowance

COUNTED_MAX: Final = 10_000
BURST_S: Final = 1.0
"""So many seconds' requests may come at once."""


class Rates:
    """Not thread-safe."""

    def __init__(self, clock: Callable[[], float], counted_max: int = COUNTED_MAX) -> None:
        self._clock = clock
        self._counted_max = counted_max
        self._left: OrderedDict[tuple[str, float], Allowance] = OrderedDict()

    def take(self, whose: str, per_s: float) -> bool:
        """Whether one more may come now."""
        key = (whose, per_s)
        allowance = self._left.get(key)
        if allowance is None:
            allowance = self._left[key] = Allowance(per_s, max(1, ceil(per_s * BURST_S)), self._clock)
            if len(self._left) > self._counted_max:
                self._left.popitem(last=False)
        self._left.move_to_end(key)
        if allowance.left < 1:
            return False
        allowance.use(1)
        return True

    def owe(self, whose: str, per_s: float, count: int) -> None:
        """So many more have come with the one that was let in last: the next ones wait for them."""
        allowance = self._left.get((whose, per_s))
        if allowance is not None:
            allowance.use(count)
