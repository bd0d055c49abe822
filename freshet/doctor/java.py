"""Java: the one of the wheel is there, runs, and is new enough for the embedded Kafka."""

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from freshet.doctor.finding import Finding, ok, problem
from freshet.doctor.place import Place
from freshet.remedies import INSTALL_AGAIN
from freshet.runtime import kafka
from schemas.errors import FreshetError

NAME = "java"
MAJOR_MIN = 17
"""kafka.apache.org/documentation: Kafka 4 brokers need Java 17."""
TIMEOUT_S = 20.0
VERSION = re.compile(r'version "(\d+)([^"]*)"')


@dataclass(frozen=True)
class JavaFacts:
    needed: bool
    path: Path | None = None
    said: str = ""
    """What `java -version` answered."""
    error: str = ""
    others: tuple[str, ...] = ()
    """Variables for Javas in general, which are not passed on to ours."""


def examine(place: Place) -> list[Finding]:
    return judge(gather(place))


def gather(place: Place, java: Callable[[], Path] = kafka.java) -> JavaFacts:
    if not place.own_kafka:
        return JavaFacts(needed=False)
    ours = kafka.java_environ(place.environ)
    others = tuple(sorted(set(place.environ) - set(ours)))
    try:
        path = java()
    except FreshetError as error:
        return JavaFacts(needed=True, error=error.message)
    try:
        run = subprocess.run(
            [str(path), "-version"], capture_output=True, text=True, timeout=TIMEOUT_S, env=ours, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return JavaFacts(needed=True, path=path, error=f"{path} does not run: {error}")
    said = (run.stderr + run.stdout).strip()
    error_text = f"{path} ended with exit code {run.returncode}: {said[-200:]}" if run.returncode else ""
    return JavaFacts(needed=True, path=path, said=said, error=error_text, others=others)


def judge(facts: JavaFacts) -> list[Finding]:
    if not facts.needed:
        return [ok(NAME, "not needed: FRESHET_KAFKA names a Kafka of your own")]
    if facts.error:
        return [problem(NAME, f"Java is missing: {facts.error}", INSTALL_AGAIN)]
    found = VERSION.search(facts.said)
    if found is None:
        return [problem(NAME, f"{facts.path} does not say its version: {facts.said[:200]}", INSTALL_AGAIN)]
    if int(found[1]) < MAJOR_MIN:
        says = f"{facts.path} is Java {found[1]}, Kafka needs {MAJOR_MIN}"
        return [problem(NAME, says, INSTALL_AGAIN)]
    unused = f"; {', '.join(facts.others)} are set and not passed on to it" if facts.others else ""
    return [ok(NAME, f"Java {found[1]}{found[2]} runs{unused}")]
