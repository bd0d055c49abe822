"""The faults a drill can do to a running stack: who is struck, how, and for how long."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from freshet.drills import (
    strike_clients,
    strike_disk,
    strike_events,
    strike_processes,
    strike_redis,
    strike_rush,
    strike_searches,
)
from freshet.drills.poison import POISON
from freshet.drills.stage import Stage

How = Literal[
    "kill -9",
    "SIGSTOP",
    "SIGTERM",
    "restart --rolling",
    "shard rebuild",
    "FLUSHALL",
    "no memory in",
    "other types in",
    "poison for",
    "1,000 updates a second of one product for",
    "2,000 idle connections to",
    "nasty queries to",
    "no disk left for",
    "twice as many searches as can be answered by",
    "five times as many searches as can be answered by",
]
Strike = Callable[[Stage, str, float], None]
"""(stage, process, seconds); returns when the fault itself is over."""


@dataclass(frozen=True)
class Fault:
    how: How
    process: str
    """As `freshet status` names it; of a replica that is built anew its number."""
    lasts_s: float = 0.0
    """0: over at once."""

    @property
    def name(self) -> str:
        return f"{self.how} {self.process}" + (f" for {self.lasts_s:g} s" if self.lasts_s else "")

    @property
    def ends_process(self) -> bool:
        """Whether the supervisor has to start it again."""
        return self.how in ("kill -9", "SIGTERM")

    @property
    def dead_letters(self) -> int:
        """So many events that it sends must be refused."""
        return len(POISON) if self.how == "poison for" else 0

    def strike(self, stage: Stage) -> None:
        STRIKES[self.how](stage, self.process, self.lasts_s)


STRIKES: Final[Mapping[How, Strike]] = {
    "kill -9": strike_processes.kill,
    "SIGSTOP": strike_processes.pause,
    "SIGTERM": strike_processes.end,
    "restart --rolling": strike_processes.restart_all,
    "shard rebuild": strike_processes.rebuild,
    "FLUSHALL": strike_redis.flush,
    "no memory in": strike_redis.take_memory,
    "other types in": strike_redis.change_types,
    "poison for": strike_events.poison,
    "1,000 updates a second of one product for": strike_events.hot_product,
    "2,000 idle connections to": strike_clients.idle,
    "nasty queries to": strike_searches.nasty,
    "no disk left for": strike_disk.fill,
    "twice as many searches as can be answered by": strike_rush.twice,
    "five times as many searches as can be answered by": strike_rush.five_times,
}
