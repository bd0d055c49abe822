"""How deep the shards search by meaning: less when little time is left, in steps that explain and the log record."""

from typing import Final

from schemas.fusion import DEPTH

STEPS: Final = ((0.08, DEPTH), (0.03, DEPTH // 2), (0.0, DEPTH // 5))
"""(Seconds that must be left at least, nearest products per partition). A shard answers twice as many searches with a
tenth of the candidates; hits that stand further down by meaning are then only found by their words."""


def depth(left_s: float, deep: int) -> int:
    """Nearest products that each partition is asked for; never fewer than `deep`, which the page reaches."""
    return max(deep, next((candidates for at_least_s, candidates in STEPS if left_s >= at_least_s), STEPS[-1][1]))
