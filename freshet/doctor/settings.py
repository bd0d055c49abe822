"""Settings: each process can read its own, no secret lies open, no door is open without a key, no test switch is on."""

import stat
from dataclasses import dataclass
from pathlib import Path

from freshet.doctor.finding import Finding, ok, problem, warning
from freshet.doctor.place import Place
from freshet.runtime.shard_processes import shard_processes
from schemas.errors import SettingsError
from schemas.settings import MODELS, UpSettings, read, refuse_open_door, secret_keys, sources

NAME = "settings"
FAULT = "FRESHET_FAULT"


@dataclass(frozen=True)
class SettingsFacts:
    refused: SettingsError | None = None
    file: Path | None = None
    open_secret: bool = False
    """A secret stands in the file, and others than its owner may read it."""
    fault: str = ""


def examine(place: Place) -> list[Finding]:
    return judge(gather(place))


def gather(place: Place) -> SettingsFacts:
    fault = place.environ.get(FAULT, "")
    try:
        file, from_file, _ = sources(place.environ)
        for model in MODELS:
            read(model, place.environ)
        settings = read(UpSettings, place.environ)
        refuse_open_door(settings.host, settings.admin_key)
        shard_processes(settings)
    except SettingsError as error:
        return SettingsFacts(refused=error, fault=fault)
    secrets = file is not None and any(from_file.get(key) for key in secret_keys())
    return SettingsFacts(file=file, open_secret=secrets and file is not None and _others_read(file), fault=fault)


def judge(facts: SettingsFacts) -> list[Finding]:
    found = []
    if facts.refused is not None:
        found.append(problem(NAME, facts.refused.message, facts.refused.hint or "freshet config check"))
    if facts.open_secret:
        found.append(problem(NAME, f"{facts.file} holds a key and others may read it", f"chmod 600 {facts.file}"))
    if facts.fault:
        found.append(warning(NAME, f"{FAULT} is set: workers fail on purpose, as in a test", f"unset {FAULT}"))
    return found or [
        ok(NAME, f"right{f', with {facts.file}' if facts.file else ''}; see: freshet config show --origin")
    ]


def _others_read(file: Path) -> bool:
    return bool(file.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH))
