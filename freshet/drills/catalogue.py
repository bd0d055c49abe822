"""All drills by name."""

from collections.abc import Mapping
from typing import Final

from freshet.drills.drill import LONG, SHORT, Drill, Limits
from freshet.drills.faults import Fault, How
from freshet.drills.poison import PARTITIONS
from freshet.drills.small_disk import NEEDS

SESSION_S: Final = 13.0
"""Longer than the session of a worker (10 s), so that it is taken for dead."""
WORKERS: Final = ("catalog", "embed", "session")
GAP_S_MAX: Final = 10.0
QUIET: Final = Limits(gap_s=GAP_S_MAX, failed=0, partial=0, errors=0)
"""Where nothing is wrong with any process."""
ANSWERED: Final = Limits(gap_s=GAP_S_MAX, failed=0)
"""By a tier that is not struck itself: each search, and soon a whole one."""
UNTOUCHED: Final = Limits(gap_s=GAP_S_MAX, failed=0, partial=0)
IMPORT_LAG_S: Final = 30.0
"""The setting `import_lag_s` and 10 s: how late a change may be while an importer keeps the queue full."""
DISK_MB: Final = 512
"""More than a drill sends, less than the memory of any machine."""
BUDGET: Final = {"FRESHET_SEARCH_BUDGET_MS": "2000"}
"""A part that is left out is then one that nobody had, not one that a busy machine was late with."""


def each(how: How, *processes: str, lasts_s: float = 0.0) -> tuple[Fault, ...]:
    return tuple(Fault(how, process, lasts_s) for process in processes)


EVERYTHING: Final = (
    *each("kill -9", "catalog", "embed", "shard", "serving", "kafka", "redis"),
    *each("SIGSTOP", "catalog", "embed", lasts_s=SESSION_S),
)
RUSHES: Final[tuple[tuple[str, str, How], ...]] = (
    ("rush-of-two", "twice", "twice as many searches as can be answered by"),
    ("rush-of-five", "five times", "five times as many searches as can be answered by"),
)
ALL: Final = (
    Drill(
        "mixed",
        ("A1", "E4"),
        "nothing: new products, changes, prices, deletes, products made again, old and repeated versions",
        "searches are whole, and answered all the time",
        (),
        limits=QUIET,
        settings=BUDGET,
        control="raise:catalog:100",
        long=LONG._replace(events_per_s=250.0, quiet_s=100.0),
    ),
    Drill(
        "everything",
        ("A2", "A3", "B1", "D1"),
        "kill -9 of every process, and SIGSTOP of each worker for longer than its session, in a drawn order",
        "all is as before after each",
        EVERYTHING,
        partitions=2,
        long=LONG._replace(faults=3 * len(EVERYTHING), skus=5_000),
    ),
    Drill(
        "workers-killed",
        ("A2",),
        "kill -9 of a worker every 5 to 15 s, whether the one before is back or not",
        "each search is answered",
        each("kill -9", *WORKERS),
        waits=False,
        limits=ANSWERED,
    ),
    Drill(
        "workers-paused",
        ("A3",),
        "SIGSTOP of a worker for 13 s, longer than its session, and on",
        "it writes nothing that its successor has written; each search is answered",
        each("SIGSTOP", *WORKERS, lasts_s=SESSION_S),
        limits=ANSWERED,
    ),
    Drill(
        "workers-ended",
        ("A4",),
        "SIGTERM of a worker under load",
        "nothing is decided twice; each search is answered",
        each("SIGTERM", *WORKERS),
        limits=ANSWERED,
    ),
    Drill(
        "rolling-restart",
        ("A4",),
        "freshet restart --rolling of all processes, the search tier too, with two replicas",
        "each search is answered, and wholly",
        each("restart --rolling", "serving"),
        limits=UNTOUCHED,
        replicas=2,
        settings=BUDGET,
        short=SHORT._replace(faults=1),
        long=LONG._replace(faults=3),
    ),
    Drill(
        "broker-killed",
        ("B1",),
        "kill -9 of Kafka while events are sent",
        "what was acknowledged is in the log; each search is answered",
        each("kill -9", "kafka"),
        limits=ANSWERED,
    ),
    Drill(
        "broker-paused",
        ("B3",),
        "SIGSTOP of Kafka for 13 s, longer than the session of a worker",
        "each search is answered; what was sent meanwhile is caught up with",
        each("SIGSTOP", "kafka", lasts_s=SESSION_S),
        limits=ANSWERED,
    ),
    Drill(
        "broker-away",
        ("B3",),
        "SIGSTOP of Kafka for a minute",
        "each search is answered; what was sent meanwhile is caught up with",
        each("SIGSTOP", "kafka", lasts_s=60.0),
        limits=ANSWERED,
        short=SHORT._replace(faults=1),
        long=LONG._replace(faults=2),
    ),
    Drill(
        "broker-full",
        ("B2",),
        "Kafka's disk is full for 10 s",
        "what was acknowledged is in the log; each search is answered; with the disk emptied it goes on by itself",
        each("no disk left for", "kafka", lasts_s=10.0),
        limits=ANSWERED,
        disk_mb=DISK_MB,
        needs=NEEDS,
        short=SHORT._replace(faults=1),
        long=LONG._replace(faults=2),
    ),
    Drill(
        "shard-killed",
        ("A2", "C12", "D9"),
        "kill -9 of the only shard, again and again, while it writes snapshots",
        "it comes back with all it had, from its snapshot and the log, and answers nothing before",
        each("kill -9", "shard"),
        settings={"FRESHET_SNAPSHOT_EVERY_RECORDS": "200"},
        control="skip:catch-up:1,skip:offsets:1",
    ),
    Drill(
        "replicas-killed",
        ("A2", "C10"),
        "kill -9 of one of two replicas in turn",
        "each search is answered, and wholly",
        each("kill -9", "shard-0", "shard-1"),
        limits=UNTOUCHED,
        replicas=2,
        settings={**BUDGET, "FRESHET_SNAPSHOT_EVERY_RECORDS": "200"},
    ),
    Drill(
        "replica-rebuilt",
        ("F2",),
        "one of two replicas is built anew, from the store and from the log",
        "each search is answered, and wholly",
        each("shard rebuild", "shard-1"),
        limits=UNTOUCHED,
        replicas=2,
        settings={**BUDGET, "FRESHET_SNAPSHOT_EVERY_RECORDS": "200"},
        short=SHORT._replace(faults=1),
        long=LONG._replace(faults=3),
    ),
    Drill(
        "one-shard-of-two",
        ("D4",),
        "one of two shards is killed, or stopped for 5 s",
        "each search is answered, without its products, and says so",
        (*each("kill -9", "shard-0-1"), *each("SIGSTOP", "shard-0-1", lasts_s=5.0)),
        limits=Limits(failed=0),
        partitions=2,
        settings={"FRESHET_SHARD_PROCESSES": "0:0,0:1"},
    ),
    Drill(
        "redis-struck",
        ("D1",),
        "Redis is killed, or stopped for 13 s, while shoppers search in sessions",
        "each search is answered, without the session, and says so",
        (*each("kill -9", "redis"), *each("SIGSTOP", "redis", lasts_s=SESSION_S)),
        limits=Limits(failed=0),
        sessions=True,
    ),
    Drill(
        "redis-spoilt",
        ("D2",),
        "Redis is emptied, has no memory left for 5 s, or holds other types than it should",
        "each search is answered",
        (*each("FLUSHALL", "redis"), *each("no memory in", "redis", lasts_s=5.0), *each("other types in", "redis")),
        limits=Limits(failed=0),
        sessions=True,
        short=SHORT._replace(faults=3),
    ),
    Drill(
        "poison",
        ("E1",),
        "records that are no events are written into the log: bytes, cut JSON, wrong types, 4 MB, depth 2,000",
        "each is dead-lettered, nothing else is, and what comes after them is found as before",
        each("poison for", "catalog"),
        limits=QUIET,
        partitions=PARTITIONS,
        settings=BUDGET,
    ),
    Drill(
        "sent-three-times",
        ("E5",),
        "every event is sent three times, and Kafka is killed",
        "each is decided once, and what is served is the same",
        each("kill -9", "kafka"),
        limits=ANSWERED,
        times=3,
        short=SHORT._replace(faults=1),
        long=LONG._replace(faults=3, events_per_s=40.0),
    ),
    Drill(
        "hot-product",
        ("E11",),
        "one product changes 1,000 times a second for 10 s",
        "changes of the others are found within the lag of an import; searches may be refused for a moment",
        each("1,000 updates a second of one product for", "catalog", lasts_s=10.0),
        limits=Limits(gap_s=GAP_S_MAX, fresh_s=IMPORT_LAG_S),
        short=SHORT._replace(faults=1),
        long=LONG._replace(faults=3),
    ),
    Drill(
        "idle-clients",
        ("D6",),
        "2,000 connections that say nothing, or half of what they have to say, for 10 s",
        "each search is answered, and wholly",
        each("2,000 idle connections to", "serving", lasts_s=10.0),
        limits=QUIET,
        settings=BUDGET,
        short=SHORT._replace(faults=1),
        long=LONG._replace(faults=3),
        needs="2,200 open files (ulimit -Hn)",
    ),
    Drill(
        "nasty-queries",
        ("E3", "E9"),
        "searches that nobody types by accident for 10 s: unicode, operators, lone surrogates, no JSON at all",
        "each is answered, or refused with a reason, within 2 s; so is each of the others",
        each("nasty queries to", "serving", lasts_s=10.0),
        limits=Limits(failed=0, errors=0),
        settings=BUDGET,
        short=SHORT._replace(faults=1),
        long=LONG._replace(faults=20),
    ),
    *(
        Drill(
            name,
            ("D7", "F1"),
            f"{times} as many searches as can be answered, for 10 s",
            "80 % of what can be done is done in time, the rest is refused within 0.05 s, all is well 10 s later",
            (Fault(how, "serving", 10.0),),
            short=SHORT._replace(faults=1, events_per_s=5.0),
            long=LONG._replace(faults=2, events_per_s=5.0),
        )
        for name, times, how in RUSHES
    ),
)
DRILLS: Final[Mapping[str, Drill]] = {drill.name: drill for drill in ALL}
