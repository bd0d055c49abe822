"""Decides when a child that died is started again, and when to say that it keeps dying."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class RestartPolicy:
    first_wait_s: float = 0.25
    wait_s_max: float = 15.0
    steady_s: float = 10.0
    """A child that was ready for so long is started again after `first_wait_s`: what it dies of takes its time."""
    healthy_s: float = 60.0
    """A child that was ready for so long starts with a clean record."""
    deaths_told: int = 3
    """After so many deaths in a row the end of the log is shown, once."""
    deaths_at_start_max: int = 5
    """A child that dies so often before the stack was ever ready ends the start."""


@dataclass(frozen=True)
class Record:
    """The deaths of one child since it was last healthy."""

    deaths: int = 0
    ready_since_s: float | None = None
    start_at_s: float = 0.0
    """Not to be started before this time of the monotonic clock."""


def became_ready(record: Record, now_s: float) -> Record:
    return replace(record, ready_since_s=now_s)


def died(record: Record, now_s: float, policy: RestartPolicy) -> Record:
    """Each death in a row doubles the wait, unless it was steady before; a healthy minute forgives the earlier ones."""
    ready_s = 0.0 if record.ready_since_s is None else now_s - record.ready_since_s
    deaths = 1 if ready_s >= policy.healthy_s else record.deaths + 1
    doublings = 0 if ready_s >= policy.steady_s else deaths - 1
    return Record(deaths, None, now_s + min(policy.wait_s_max, policy.first_wait_s * 2.0**doublings))
