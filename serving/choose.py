"""In which order the replicas of a partition are asked: fresh and sound ones first, of those the quicker of any two."""

import random
from collections.abc import Sequence
from enum import IntEnum
from typing import Final

from schemas.read_token import Offsets
from serving.breaker import Circuit
from serving.replica import Replica, position

LAG_RECORDS_MAX: Final = 1_000
"""A replica that is further behind the freshest one than so many records (of both topics) is asked only when no other
is left. At 500 events/s it is one second."""


class Standing(IntEnum):
    """Lower ones are asked first."""

    PROBE = 0
    """It was broken off; this request finds out whether it answers again."""
    SOUND = 1
    BEHIND = 2
    """Too far behind, or it does not tell how far it is."""
    BROKEN = 3


def in_order(
    replicas: Sequence[Replica],
    floor: Offsets | None,
    draw: random.Random,
    freshest: bool = False,
    kind: str = "search",
) -> list[Replica]:
    """All of them, for a question of a kind. Those at or past `floor` come first, whatever else; with `freshest` the
    furthest of each standing comes first, else the quicker of two that are drawn (power of two choices)."""
    front = max((position(one.watched) for one in replicas if one.watched), default=None)
    ranked: dict[tuple[bool, Standing], list[Replica]] = {}
    for one in replicas:
        below = floor is not None and not (one.furthest and floor.within(one.furthest.offsets))
        ranked.setdefault((below, standing(one, front, kind)), []).append(one)
    ordered = []
    for _, equal in sorted(ranked.items(), key=lambda item: item[0]):
        ordered += sorted(equal, key=_by_progress) if freshest else _two_choices(equal, draw)
    return ordered


def standing(one: Replica, front: int | None, kind: str = "search") -> Standing:
    """`front`: how far the freshest replica is, None when none tells."""
    match one.breaker_of(kind).circuit:
        case Circuit.HALF_OPEN:
            return Standing.PROBE
        case Circuit.OPEN:
            return Standing.BROKEN
    if not one.ready or (front is not None and not (one.watched and front - position(one.watched) <= LAG_RECORDS_MAX)):
        return Standing.BEHIND
    return Standing.SOUND


def _two_choices(equal: list[Replica], draw: random.Random) -> list[Replica]:
    """The cheaper of two goes first: all taking the cheapest would overrun it. The others follow by cost; equal ones as
    they are drawn."""
    by_cost = sorted(draw.sample(equal, len(equal)), key=lambda one: one.cost)
    if len(equal) <= 2:
        return by_cost
    first = min(draw.sample(range(len(by_cost)), 2))
    return [by_cost[first], *by_cost[:first], *by_cost[first + 1 :]]


def _by_progress(one: Replica) -> tuple[int, float, str]:
    return (-position(one.furthest) if one.furthest else 0, one.cost, one.address)
