"""Runs one drill from its beginning to its verdict."""

from datetime import UTC, datetime
from pathlib import Path

from freshet.drills.aftermath import gather
from freshet.drills.drill import Drill
from freshet.drills.evidence import broken
from freshet.drills.record import Record, happened, planned
from freshet.drills.schedule import drawn
from freshet.drills.timeline import write_timeline
from freshet.drills.traffic import Traffic
from freshet.drills.under_load import Say, under_load
from freshet.drills.up_stack import UpStack


def run_drill(drill: Drill, seed: int, short: bool, up: UpStack, picture: Path, say: Say) -> Record:
    """On a stack that does not run yet, and that is left running. Raises FreshetError when it does not start."""
    length = drill.short if short else drill.long
    schedule = drawn(seed, drill.faults, length.faults, drill.apart_s)
    for due in schedule:
        say(f"planned after {due.at_s:g} s: {due.fault.name}")
    state = up.start()
    loaded = under_load(drill, length, schedule, Traffic(state.url, seed, length, drill), up, say)
    say("the load is over: checking")
    evidence = gather(drill, up, state, loaded)
    asked, front = loaded.traffic.asked(), loaded.traffic.front
    if asked:
        write_timeline(picture, f"{drill.name}, seed {seed}", asked, loaded.struck, front.found)
    sentences = broken(evidence)
    return Record(
        drill=drill.name,
        letters=list(drill.letters),
        seed=seed,
        short=short,
        day=datetime.now(UTC).strftime("%Y-%m-%d"),
        duration_s=round(loaded.took_s, 1),
        planned=planned(schedule),
        faults=happened(loaded.struck, loaded.begun_s),
        events_sent=loaded.traffic.merchant.sent,
        **evidence.books.figures(),
        searches=len(asked),
        failed=evidence.failed,
        failed_by=dict(evidence.failed_by),
        partial=evidence.partial,
        longest_gap_s=evidence.gap_s,
        freshness_p95_s=evidence.fresh_s,
        query_p95_s=evidence.query_s,
        cores=loaded.cores,
        errors=dict(evidence.errors),
        notes=loaded.notes,
        growth=list(loaded.growth),
        verdict="broken" if sentences else "kept",
        differed=sentences,
        timeline=picture.name if asked else "",
    )
