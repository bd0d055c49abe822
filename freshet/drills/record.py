"""What one drill tells: a line of JSON, which docs/resilience.md is made from."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field

from freshet.drills.evidence import named
from freshet.drills.footprints import OTHERS
from freshet.drills.moments import Struck
from freshet.drills.schedule import Due
from freshet.drills.slopes import Slope, Verdict

P95s = dict[str, float | None]
"""By part: before, during and after the faults."""


class Happened(BaseModel):
    """A fault as it was; seconds since the load began."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fault: str
    at_s: float
    lasted_s: float
    normal_after_s: float
    """From its end until a change was found as quickly as before."""


class Planned(BaseModel):
    """A fault as the seed drew it; seconds since the quiet beginning ended."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at_s: float
    fault: str


class Growth(BaseModel):
    """Of what a process takes, after its warm-up; in its own unit, an hour."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    of: str
    """A process, or a folder of the stack."""
    what: str
    mean: float
    per_hour: float
    low: float
    high: float
    """With `low`: where the slope lies with 95 % confidence."""
    samples: int
    seen: float = 0.0
    """In the time watched."""
    verdict: Verdict | Literal["not judged"]


class Record(BaseModel):
    """Times in seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    drill: str
    letters: list[str]
    seed: int
    short: bool
    control: str = ""
    """FRESHET_FAULT, where a guard was turned off: then `broken` is as it should be."""
    day: str
    """UTC, YYYY-MM-DD."""
    duration_s: float
    """Of the load; starting and checking come on top."""
    planned: list[Planned]
    faults: list[Happened]
    events_sent: int
    acked: int
    in_the_log: int
    lost: int
    unaccounted: int
    duplicates: int
    searches: int
    failed: int
    failed_by: dict[str, int] = Field(default_factory=dict)
    """Their statuses; 0: no answer within 5 s, or no connection."""
    partial: int
    longest_gap_s: float
    """Between two whole answers."""
    freshness_p95_s: P95s
    query_p95_s: P95s
    cores: dict[str, float]
    """Taken on average by the stack, this command, others on the machine, `of` how many."""
    errors: dict[str, int] = Field(default_factory=dict)
    """Lines of the logs that speak of an error, by process and event."""
    notes: list[dict[str, Any]] = Field(default_factory=list)
    """Figures that the faults took themselves."""
    growth: list[Growth] = Field(default_factory=list)
    """Of a soak."""
    verdict: Literal["kept", "broken"]
    differed: list[str] = Field(default_factory=list)
    timeline: str = ""
    """File of the picture, beside this line."""

    def outlived_by(self, left: Sequence[str]) -> "Record":
        """Broken, when a process of the stack outlived it."""
        if not left:
            return self
        differed = [*self.differed, *named("processes live on after freshet down", left)]
        return self.model_copy(update={"verdict": "broken", "differed": differed})

    def line(self) -> str:
        return orjson.dumps(self.model_dump()).decode()


def three(p95_s: P95s) -> str:
    """Before, during and after the faults."""
    return " / ".join("-" if value is None else f"{value:g}" for value in p95_s.values())


def planned(schedule: Sequence[Due]) -> list[Planned]:
    return [Planned(at_s=due.at_s, fault=due.fault.name) for due in schedule]


def happened(struck: Sequence[Struck], begun_s: float) -> list[Happened]:
    return [
        Happened(
            fault=one.name,
            at_s=round(one.begun_s - begun_s, 2),
            lasted_s=round(one.over_s - one.begun_s, 2),
            normal_after_s=round(one.normal_s - one.over_s, 2),
        )
        for one in struck
    ]


def growth(slopes: Mapping[tuple[str, str], Slope]) -> list[Growth]:
    return [
        Growth(
            of=of,
            what=what,
            mean=round(one.mean, 1),
            per_hour=round(one.per_hour, 2),
            low=round(one.low, 2),
            high=round(one.high, 2),
            samples=one.samples,
            seen=round(one.seen, 2),
            verdict="not judged" if of in OTHERS else one.verdict,
        )
        for (of, what), one in slopes.items()
    ]
