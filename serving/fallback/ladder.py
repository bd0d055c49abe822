"""The fallback ladder: while a query has found too little, one step after another tries to find something for it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from schemas.fallback import FALLBACK_STEPS, Fallback, FallbackStep, Tried
from serving.budget import Budget
from serving.fallback.bestsellers import bestsellers
from serving.fallback.drop import drop
from serving.fallback.meaning import meaning
from serving.fallback.newest import newest
from serving.fallback.relax import relax
from serving.fallback.step import Again, Landed, Missed, Step, counted

STEPS: Final[Mapping[FallbackStep, Step]] = {
    "drop": drop,
    "relax": relax,
    "meaning": meaning,
    "bestsellers": bestsellers,
    "newest": newest,
}
LEAST_S: Final = 0.01
"""A step is not begun with less time."""


@dataclass(frozen=True)
class Climbed:
    """What became of a query that found too little."""

    landed: Landed | None
    """None: nothing more was found."""
    tried: tuple[Tried, ...] = ()
    late: tuple[FallbackStep, ...] = ()
    """Of the steps that were tried those that were cut off: no time was left, or they failed."""

    @property
    def said(self) -> Fallback | None:
        return self.landed.said if self.landed else None

    def explained(self) -> list[dict[str, Any]]:
        return [one.model_dump() for one in self.tried]


NOT_CLIMBED: Final = Climbed(None)


def too_little(missed: Missed, steps: Iterable[FallbackStep]) -> bool:
    """Not where no shard answered: there is nothing to ask."""
    if not missed.found.answers or not any(True for _ in steps):
        return False
    return counted(missed.request, missed.found) < missed.below


async def climb(
    missed: Missed,
    again: Again,
    steps: Sequence[FallbackStep],
    clock: Callable[[], float],
    cut: Sequence[FallbackStep] = (),
) -> Climbed:
    """Never raises, and never takes longer than what is left of the budget of `again`: it gets the times of the steps,
    and what is missing in the hits of the one that gave them. `cut`: in a replay, those that were cut off then."""
    budget, tried, late = again.budget, list[Tried](), list[FallbackStep]()
    for name in (step for step in FALLBACK_STEPS if step in steps):
        left_s = budget.left_s()
        if left_s < LEAST_S:
            break
        part = Budget(left_s, clock)
        step = partial(STEPS[name], missed, replace(again, budget=part))
        landed: Landed | None = await part.attempt(name, step, None)
        budget.surprises += part.surprises
        if name in part.skipped or name in cut:
            landed, late = None, [*late, name]
        took_ms = budget.spent_ms[f"fallback-{name}"] = part.spent_ms.get(name, 0.0)
        tried.append(Tried(step=name, found=landed is not None, took_ms=took_ms))
        if landed is not None:
            budget.skipped[:] = dict.fromkeys([*budget.skipped, *part.skipped])
            return Climbed(landed, tuple(tried), tuple(late))
    return Climbed(None, tuple(tried), tuple(late))
