"""Runs one drill from its beginning to its verdict."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from freshet.drills.aftermath import gather
from freshet.drills.cores import Cores
from freshet.drills.drill import Drill, Length
from freshet.drills.evidence import broken
from freshet.drills.moments import Struck
from freshet.drills.nemesis import Nemesis
from freshet.drills.patience import LIMIT_S, NotInTime, wait_until
from freshet.drills.record import Record, happened, planned
from freshet.drills.schedule import Due, drawn
from freshet.drills.spans import longest_gap_s, p95s
from freshet.drills.timeline import write_timeline
from freshet.drills.traffic import Traffic
from freshet.drills.up_stack import UpStack

Say = Callable[[str], None]


def run_drill(drill: Drill, seed: int, short: bool, up: UpStack, picture: Path, say: Say) -> Record:
    """On a stack that does not run yet, and that is left running. Raises FreshetError when it does not start."""
    length = drill.short if short else drill.long
    schedule = drawn(seed, drill.faults, length.faults, drill.apart_s)
    for due in schedule:
        say(f"planned after {due.at_s:g} s: {due.fault.name}")
    state = up.start()
    traffic, cores, begun_s = Traffic(state.url, seed, length), Cores(up), time.monotonic()
    struck, late = _strike(up, traffic, schedule, drill, length, say)
    took_s = time.monotonic() - begun_s
    taken = cores.taken()
    say("the load is over: checking")
    asked, front = traffic.asked(), traffic.front
    gap_s = longest_gap_s(asked)
    evidence = gather(drill, up, state, traffic, gap_s, late)
    if asked:
        write_timeline(picture, f"{drill.name}, seed {seed}", asked, struck, front.found)
    sentences = broken(evidence)
    return Record(
        drill=drill.name,
        letters=list(drill.letters),
        seed=seed,
        short=short,
        day=datetime.now(UTC).strftime("%Y-%m-%d"),
        duration_s=round(took_s, 1),
        planned=planned(schedule),
        faults=happened(struck, begun_s),
        events_sent=traffic.merchant.sent,
        **evidence.books.figures(),
        searches=len(asked),
        failed=sum(one.status != 200 for one in traffic.shoppers.questions),
        partial=sum(one.status == 200 and not one.good for one in traffic.shoppers.questions),
        longest_gap_s=gap_s,
        freshness_p95_s=p95s([(one.acked_s, one.wait_s) for one in front.found], struck),
        query_p95_s=p95s([(one.due_s, one.answered_s - one.due_s) for one in asked], struck),
        cores=taken,
        verdict="broken" if sentences else "kept",
        differed=sentences,
        timeline=picture.name if asked else "",
    )


def _strike(
    up: UpStack, traffic: Traffic, schedule: list[Due], drill: Drill, length: Length, say: Say
) -> tuple[list[Struck], list[str]]:
    """Under load: what was done, and what did not come in time."""
    nemesis = Nemesis(up, traffic.front.found, say)
    try:
        with traffic.on():
            wait_until(lambda: traffic.front.found, LIMIT_S, "the first change is found")
            time.sleep(length.quiet_s)
            nemesis.follow(schedule, drill.waits)
            time.sleep(length.quiet_s)
    except NotInTime as error:
        return nemesis.struck(), [error.message]
    return nemesis.struck(), []
