"""What `freshet drill` does: runs drills one after the other, each on a stack of its own, and tells how they ended."""

import os
import random
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from encoders.build import repair_bundle
from encoders.bundle import model_folder
from freshet.drills.catalogue import DRILLS
from freshet.drills.drill import Drill
from freshet.drills.record import Growth, Record, three
from freshet.drills.run import run_drill
from freshet.drills.small_disk import let_go, may_mount, small_disk
from freshet.drills.soak import MINUTES, soak
from freshet.drills.up_stack import UpStack
from freshet.exit_codes import MISMATCH, OK
from freshet.printing import print_json, print_json_line, print_lines, say
from freshet.running import data_folder
from schemas.errors import InvalidRequest
from schemas.settings import EmbedSettings, read

ALL: Final = "all"
SOAK: Final = "soak"
FAULT: Final = "FRESHET_FAULT"
LISTED: Final = (*DRILLS.values(), soak(MINUTES))
SEED_MAX: Final = 10**6
LINES: Final = "drills.jsonl"
"""In DATA/drills: what each drill told, one line each."""


def listed(as_json: bool) -> int:
    if as_json:
        print_json([_facts(one) for one in LISTED])
    else:
        print_lines(line for one in LISTED for line in _words(one))
    return OK


class DrillOptions(NamedTuple):
    name: str
    short: bool
    seed: int | None
    """None: one is drawn."""
    control: bool
    """With the guard of the drill turned off."""
    minutes: int
    """Of the soak."""


def drill(options: DrillOptions, data: Path | None, as_json: bool) -> int:
    """MISMATCH when a promise was broken. Raises InvalidRequest, and FreshetError when a stack does not start."""
    chosen = list(DRILLS.values()) if options.name == ALL else [_named(options.name, options.minutes)]
    if options.control:
        chosen = _with_control(chosen)
    seed = random.SystemRandom().randrange(SEED_MAX) if options.seed is None else options.seed
    place = data_folder(data, os.environ)
    model = repair_bundle(model_folder(read(EmbedSettings, os.environ).model, place))
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does: its stack is stopped too
    broken = 0
    for one in _made_here(chosen, options.name == ALL):
        told = _one(one, seed, options, place / "drills", model)
        if as_json:
            print_json_line(told.model_dump())
        else:
            print_lines(result(told, place / "drills"))
        broken += told.verdict != "kept"
    return MISMATCH if broken else OK


def _named(name: str, minutes: int) -> Drill:
    if name == SOAK:
        return soak(minutes)
    if name not in DRILLS:
        known = ", ".join([*DRILLS, SOAK])
        raise InvalidRequest("unknown_drill", f"there is no drill {name}; there are: {known}", hint="freshet drill ls")
    return DRILLS[name]


def _made_here(chosen: list[Drill], leave_out: bool) -> Iterator[Drill]:
    """Of all drills those that cannot be made here are named and left out. One that was asked for tells why."""
    with TemporaryDirectory() as empty:
        disks = may_mount(Path(empty))
    for one in chosen:
        if one.disk_mb and leave_out and not disks:
            say(f"{one.name} is left out: it needs {one.needs}")
        else:
            yield one


def _with_control(chosen: list[Drill]) -> list[Drill]:
    """Those that have one. Raises InvalidRequest when none has."""
    if not any(one.control for one in chosen):
        known = ", ".join(one.name for one in DRILLS.values() if one.control)
        raise InvalidRequest(
            "no_control", f"{chosen[0].name} has no guard to turn off", hint=f"these have one: {known}"
        )
    return [one for one in chosen if one.control]


def _one(drill: Drill, seed: int, options: DrillOptions, folder: Path, model: Path) -> Record:
    """What it leaves: a line, a picture, and where a promise was broken the whole stack's folder."""
    data = folder / f"{drill.name}-{seed}"
    control = {FAULT: drill.control} if options.control else {}
    up = UpStack(data, model, drill.partitions, drill.replicas, **drill.settings, **control)
    kafka = data / "kafka"
    if data.exists():
        up.stop()  # one that was killed
        let_go(kafka)
        shutil.rmtree(data)
    data.mkdir(parents=True)
    say(f"{drill.name}, seed {seed}, in {data}")
    with small_disk(kafka, drill.disk_mb):
        with stopped_on_error(up.stop):
            told = run_drill(drill, seed, options.short, up, folder / f"{drill.name}-{seed}.svg", say)
        told = told.model_copy(update={"control": control.get(FAULT, "")}).outlived_by(up.stop_all())
    with (folder / LINES).open("a", encoding="utf-8") as lines:
        lines.write(told.line() + "\n")
    if told.verdict == "kept":
        shutil.rmtree(data)
    return told


@contextmanager
def stopped_on_error(stop: Callable[[], None]) -> Iterator[None]:
    """An error of the block goes on, also where the stack does not stop, which is said."""
    try:
        yield
    except BaseException:
        try:
            stop()
        except Exception as second:  # noqa: BLE001  the first one tells why
            say(f"the stack did not stop: {second}")
        raise


def result(told: Record, folder: Path) -> Iterator[str]:
    faults = f"{len(told.faults)} faults in {told.duration_s:g} s"
    events = f"{told.acked:,} events: {told.lost} lost, {told.unaccounted} unaccounted, {told.duplicates} duplicates"
    answers = f"{told.searches:,} searches: {told.failed} failed, {told.partial} partial"
    guard = f", with {told.control}" if told.control else ""
    yield f"{told.drill} (seed {told.seed}{guard}): {told.verdict}; {faults}; {events}; {answers}"
    yield f"  longest time without a whole answer {told.longest_gap_s:g} s; p95 before / during / after the faults:"
    yield f"  searches {three(told.query_p95_s)} s, until a change is found {three(told.freshness_p95_s)} s"
    yield from (_grown(one) for one in told.growth)
    yield from (f"  broken: {sentence}" for sentence in told.differed)
    if told.timeline:
        yield f"  {folder / told.timeline}"
    if told.verdict == "broken":
        yield f"  what it left: {folder / f'{told.drill}-{told.seed}'}"


def _grown(one: Growth) -> str:
    span = f"{one.seen:+g} while watched, {one.per_hour:+g} an hour ({one.low:+g} to {one.high:+g})"
    return f"  {one.of}: {one.what} {one.mean:g}, {span}, {one.samples} samples: {one.verdict}"


def _facts(drill: Drill) -> dict[str, object]:
    return {
        "name": drill.name,
        "letters": list(drill.letters),
        "done": drill.done,
        "holds": drill.holds,
        "control": drill.control,
        "needs": drill.needs,
        "processes": {"partitions": drill.partitions, "replicas": drill.replicas},
    }


def _words(drill: Drill) -> Iterator[str]:
    yield f"{drill.name} ({', '.join(drill.letters)})"
    yield f"  {drill.done}"
    yield f"  holds: {drill.holds}"
    if drill.control:
        yield f"  control: {drill.control}"
    if drill.needs:
        yield f"  needs: {drill.needs}"
