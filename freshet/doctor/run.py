"""What `freshet doctor` does: all checks side by side; one that fails itself is a finding, not the end."""

import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from freshet import exit_codes
from freshet.doctor import (
    alarms,
    clock,
    cluster,
    disk,
    index,
    jars,
    java,
    leftovers,
    memory,
    model,
    ports,
    processes,
    redis,
    replicas,
    settings,
    store,
    tier,
    versions,
)
from freshet.doctor.finding import Finding, warning
from freshet.doctor.place import Place, place_of
from freshet.printing import print_json, visible

Check = tuple[str, Callable[[Place], list[Finding]]]
FROM_AFAR: tuple[Check, ...] = tuple(
    (check.NAME, check.examine) for check in (settings, versions, clock, tier, replicas, alarms)
)
"""What can be said of a stack on another machine."""
ALL: tuple[Check, ...] = tuple(
    (check.NAME, check.examine)
    for check in (
        settings,
        versions,
        java,
        jars,
        redis,
        ports,
        disk,
        memory,
        clock,
        model,
        index,
        store,
        cluster,
        leftovers,
        processes,
        tier,
        replicas,
        alarms,
    )
)
AT_ONCE = 6
COLOURS = {"ok": "32", "warning": "33", "problem": "31;1"}


def examine(url: str, data: Path | None, as_json: bool) -> int:
    """MISMATCH when there is a problem; warnings are none."""
    place = place_of(url, data, os.environ)
    findings = look_for(place, ALL if place.local else FROM_AFAR)
    bad = any(finding.severity == "problem" for finding in findings)
    if as_json:
        print_json({"ok": not bad, "findings": [finding.model_dump() for finding in findings]})
    else:
        colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        sys.stdout.write("".join(f"{line}\n" for line in as_lines(findings, colours)))
    return exit_codes.MISMATCH if bad else exit_codes.OK


def look_for(place: Place, checks: Sequence[Check]) -> list[Finding]:
    """In the order of the checks."""
    _ = place.processes  # asked once, before the checks run side by side
    with ThreadPoolExecutor(AT_ONCE) as threads:
        done = list(threads.map(lambda check: _one(check, place), checks))
    return [finding for findings in done for finding in findings]


def _one(check: Check, place: Place) -> list[Finding]:
    name, examine_it = check
    try:
        return examine_it(place)
    except Exception as error:  # noqa: BLE001  a doctor that falls ill must still name the other findings
        return [warning(name, f"could not be examined: {error!r}", "please report it, with freshet doctor --json")]


def as_lines(findings: Sequence[Finding], colours: bool) -> list[str]:
    """A line each, and below what is not well the command that helps."""
    lines = []
    for finding in findings:
        word = f"{finding.severity:7}"
        lines.append(f"{_painted(word, finding.severity, colours)}  {finding.check:10}  {visible(finding.found)}")
        if finding.remedy:
            lines.append(f"{'':21}-> {finding.remedy}")
    problems = sum(finding.severity == "problem" for finding in findings)
    warnings = sum(finding.severity == "warning" for finding in findings)
    counted = [
        f"{count} {word}{'s' if count > 1 else ''}"
        for count, word in ((problems, "problem"), (warnings, "warning"))
        if count
    ]
    return [*lines, "", ", ".join(counted) or "all is well"]


def _painted(text: str, severity: str, colours: bool) -> str:
    return f"\x1b[{COLOURS[severity]}m{text}\x1b[0m" if colours else text
