"""docs/resilience.md: a row for the last run of each drill, from the lines of JSON that `freshet drill` told."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from freshet.drills.catalogue import DRILLS
from freshet.drills.evidence import by_status
from freshet.drills.record import Growth, Record, three
from freshet.drills.soak import MINUTES, soak
from freshet.reference.marks import Part
from freshet.reference.table import table
from schemas.errors import InvalidRequest

RUNS: Final = Path(__file__).resolve().parents[2] / "docs" / "drills.jsonl"
"""Lines of DATA/drills/drills.jsonl, put behind each other: the last one of a drill counts."""
UNTOLD: Final = "-"


def parts() -> list[Part]:
    lines = RUNS.read_text(encoding="utf-8").splitlines()
    runs = last_runs(lines)
    told = [Part("drills", drills(runs)), Part("controls", controls(last_runs(lines, control=True)))]
    return [*told, Part("growth", growth(runs.get("soak")))]


def last_runs(lines: Iterable[str], control: bool = False) -> dict[str, Record]:
    """By drill; `control`: those with a guard turned off. Raises InvalidRequest for one that is gone."""
    told = map(Record.model_validate_json, filter(None, lines))
    found = {one.drill: one for one in told if bool(one.control) == control}
    gone = found.keys() - DRILLS.keys() - {"soak"}
    if gone:
        raise InvalidRequest(
            "gone", f"no longer a drill: {', '.join(sorted(gone))}", hint=f"remove its lines of {RUNS}"
        )
    return found


def drills(runs: dict[str, Record]) -> str:
    head = (
        "drill", "letters", "what is done; what must hold", "run", "events; lost, unaccounted, twice",
        "searches; failed, partial", "longest without a whole answer, s", "found after (p95), s", "searches (p95), s",
        "verdict",
    )  # fmt: skip
    listed = [*DRILLS.values(), soak(MINUTES)]
    return table(
        head,
        (
            (f"`{one.name}`", ", ".join(one.letters), f"{one.done}; {one.holds}", *figures(runs.get(one.name)))
            for one in listed
        ),
    )


def figures(told: Record | None) -> tuple[str, ...]:
    if told is None:
        return ("not yet", *[UNTOLD] * 6)
    faults = f"{len(told.faults)} faults in {told.duration_s:g} s"
    verdict = told.verdict if told.verdict == "kept" else f"**broken**: {'; '.join(told.differed)}"
    return (
        f"{told.day}, seed {told.seed}{', short' if told.short else ''}: {faults}",
        f"{told.acked:,}; {told.lost}, {told.unaccounted}, {told.duplicates}",
        f"{told.searches:,}; {told.failed}{_by(told)}, {told.partial}",
        f"{told.longest_gap_s:g}",
        three(told.freshness_p95_s),
        three(told.query_p95_s),
        verdict,
    )


def _by(told: Record) -> str:
    return f" ({by_status(told.failed_by)})" if told.failed_by else ""


def controls(runs: dict[str, Record]) -> str:
    head = ("drill", "turned off (`FRESHET_FAULT`)", "run", "what it found")
    having = [one for one in DRILLS.values() if one.control]
    rows = []
    for one in having:
        told = runs.get(one.name)
        run = f"{told.day}, seed {told.seed}" if told else "not yet"
        rows.append((f"`{one.name}`", f"`{one.control}`", run, "; ".join(told.differed) if told else UNTOLD))
    return table(head, rows)


def growth(told: Record | None) -> str:
    if told is None or not told.growth:
        return "Not yet run."
    head = ("of", "what", "mean", "added while watched", "an hour's growth (95 %)", "samples", "verdict")
    rows = [
        (one.of, one.what, f"{one.mean:g}", f"{one.seen:+g}", an_hour(one), str(one.samples), one.verdict)
        for one in told.growth
    ]
    faults = f"{len(told.faults)} faults, {told.acked:,} events"
    return f"{told.day}, {told.duration_s:g} s, {faults}.\n\n{table(head, rows)}"


def an_hour(one: Growth) -> str:
    return f"{one.per_hour:+g} ({one.low:+g} to {one.high:+g})"
