"""All drills by name."""

from collections.abc import Mapping
from typing import Final

from freshet.drills.drill import LONG, Drill
from freshet.drills.faults import Fault

SESSION_S: Final = 13.0
"""Longer than the session of a worker (10 s), so that it is taken for dead."""

WORKERS: Final = ("catalog", "embed", "session")
KILLS: Final = tuple(Fault("kill -9", name) for name in ("catalog", "embed", "shard", "serving", "kafka", "redis"))
STOPS: Final = tuple(Fault("SIGSTOP", name, SESSION_S) for name in ("catalog", "embed"))

DRILLS: Final[Mapping[str, Drill]] = {
    drill.name: drill
    for drill in (
        Drill(
            "everything",
            ("A2", "A3", "B1", "D1"),
            "kill -9 of every process, and SIGSTOP of each worker for longer than its session, in a drawn order",
            "all is as before after each",
            KILLS + STOPS,
            partitions=2,
            long=LONG._replace(faults=3 * len(KILLS + STOPS), skus=5_000),
        ),
        Drill(
            "shard-killed",
            ("A2",),
            "kill -9 of the only shard, again and again",
            "it comes back with all it had, from its snapshot and the log",
            (Fault("kill -9", "shard"),),
            settings={"FRESHET_SNAPSHOT_EVERY_RECORDS": "200"},
        ),
        Drill(
            "workers-killed",
            ("A2",),
            "kill -9 of a worker every 5 to 15 s, whether the one before is back or not",
            "searches are answered all the time",
            tuple(Fault("kill -9", name) for name in WORKERS),
            waits=False,
            gap_s_max=10.0,
        ),
        Drill(
            "broker-paused",
            ("B3", "B4"),
            "Kafka is stopped (SIGSTOP) for 13 s, longer than the session of a worker",
            "searches are answered all the time; what was sent meanwhile is caught up with",
            (Fault("SIGSTOP", "kafka", SESSION_S),),
            gap_s_max=10.0,
        ),
    )
}
