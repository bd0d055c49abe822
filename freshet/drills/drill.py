"""What a drill is: the stack it needs, what is done to that, and what must hold meanwhile and after it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from freshet.drills.faults import Fault


class Length(NamedTuple):
    """How much of everything."""

    faults: int
    skus: int
    events_per_s: float
    searches_per_s: float
    quiet_s: float
    """Undisturbed running, before the first fault and after the last."""


SHORT = Length(faults=2, skus=200, events_per_s=25.0, searches_per_s=10.0, quiet_s=5.0)
LONG = Length(faults=8, skus=2_000, events_per_s=100.0, searches_per_s=20.0, quiet_s=15.0)


class Limits(NamedTuple):
    """What a drill promises of searches and freshness; None: nothing, as where the only shard is struck."""

    gap_s: float | None = None
    """Longest time without a whole answer."""
    failed: int | None = None
    """Searches without an answer."""
    partial: int | None = None
    """Answers that lack a part of the shop, or a stage, and say so."""
    fresh_s: float | None = None
    """95th percentile while the faults last."""
    errors: int | None = None
    """Lines of the logs that speak of an error."""


NOTHING = Limits()


@dataclass(frozen=True)
class Drill:
    name: str
    letters: tuple[str, ...]
    """Of the catalogue of faults in docs/resilience.md."""
    done: str
    """What is done to the stack."""
    holds: str
    """What must hold, beside what every drill checks at its end."""
    faults: tuple[Fault, ...]
    """Drawn from."""
    apart_s: tuple[float, float] = (5.0, 15.0)
    waits: bool = True
    """The next fault waits until all is as before; else it comes when it is due."""
    limits: Limits = NOTHING
    times: int = 1
    """Each event is sent so often."""
    sessions: bool = False
    """Shoppers click, and search in sessions."""
    watched: bool = False
    """What its processes take is sampled, and must be flat."""
    partitions: int = 1
    replicas: int = 1
    settings: Mapping[str, str] = field(default_factory=dict)
    short: Length = SHORT
    long: Length = LONG
    control: str = ""
    """FRESHET_FAULT of its negative control: a guard is turned off, and the drill must find what is broken then."""
    disk_mb: int = 0
    """Kafka has a file system of its own, of so many MB (`small_disk`); 0: it has not."""
    needs: str = ""
    """Beside what `freshet up` needs."""
