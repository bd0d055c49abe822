"""The running processes: each ready, and if not, the last error it wrote."""

from dataclasses import dataclass, field
from pathlib import Path

from freshet.alerts.thresholds import RESTARTS_MANY
from freshet.doctor.finding import Finding, ok, problem, warning
from freshet.doctor.place import Place
from freshet.log_lines import LEVELS, parse
from freshet.runtime.log_files import tail
from freshet.status.report import ProcessStatus

NAME = "processes"
LINES_LOOKED_AT = 200
WORDS_MAX = 300
START_S_MAX = 60.0
"""A process that starts for the first time is not ready, and nothing is wrong with that for so long."""


@dataclass(frozen=True)
class ProcessFacts:
    supervised: bool
    processes: list[ProcessStatus]
    last_errors: dict[str, str] = field(default_factory=dict)
    """Of those that are not ready, the last line of level error in their log."""
    option: str = ""


def examine(place: Place) -> list[Finding]:
    return judge(gather(place))


def gather(place: Place) -> ProcessFacts:
    away = [process for process in place.processes if not _fine(process)]
    errors = {process.name: last_error(Path(process.log)) for process in away}
    return ProcessFacts(place.supervised, place.processes, errors, place.option)


def judge(facts: ProcessFacts) -> list[Finding]:
    if not facts.supervised:
        return [ok(NAME, "the stack does not run")]
    found = []
    for process in facts.processes:
        log = f"freshet logs {process.name}{facts.option}"
        if not _fine(process):
            how = process.reason or process.state
            last = facts.last_errors.get(process.name, "")
            says = f"{process.name} is not ready ({how}; restarted {process.restarts} times)"
            found.append(problem(NAME, says + (f"; it wrote: {last}" if last else ""), log))
        elif process.restarts >= RESTARTS_MANY:
            found.append(warning(NAME, f"{process.name} was started again {process.restarts} times", log))
    return found or [ok(NAME, f"all {sum(process.alive for process in facts.processes)} run and are ready")]


def last_error(log: Path) -> str:
    """In the words of the process; empty where it wrote none lately."""
    lines = [parse(log.stem, text) for text in tail(log, LINES_LOOKED_AT)]
    bad = [line for line in lines if line.level in LEVELS[LEVELS.index("error") :]]
    if not bad:
        return ""
    facts = bad[-1].facts
    if facts is None:
        return bad[-1].text[:WORDS_MAX]
    more = [str(facts[key]) for key in ("error", "reason", "hint") if facts.get(key)]
    return ": ".join([str(facts["event"]), *more])[:WORDS_MAX]


def _fine(process: ProcessStatus) -> bool:
    if process.state == "starting" and process.alive and not process.restarts and (process.up_s or 0) < START_S_MAX:
        return True
    return process.state in ("done", "waiting") or (process.alive and process.answers is not False)
