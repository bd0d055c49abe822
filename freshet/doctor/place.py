"""What all checks look at: the data folder, what is set, what the supervisor noted, and how the processes are."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from freshet.remedies import data_option
from freshet.running import data_folder, supervisor_alive
from freshet.runtime.stack_state import StackState, read_state
from freshet.status.processes import processes_of
from freshet.status.report import ProcessStatus
from freshet.target import same_address
from schemas.errors import SettingsError, StateRefused
from schemas.settings import EmbedSettings, UpSettings, read


@dataclass(frozen=True)
class Place:
    """Reads only. What is broken (settings, state.json) is replaced by defaults, and a check of its own names it."""

    data: Path
    environ: Mapping[str, str]
    settings: UpSettings
    state: StackState | None
    url: str
    """Of the HTTP tier; empty where nothing runs."""
    local: bool
    """Whether that is the stack of the data folder; if not, only its HTTP tier can be looked at."""
    given: bool
    """Whether --data was given: then every command that helps needs it too."""

    @property
    def option(self) -> str:
        """` --data DIR` as a person must type it behind each command, or nothing."""
        return data_option(self.data if self.given else None)

    @property
    def supervised(self) -> bool:
        return self.state is not None and supervisor_alive(self.state)

    @property
    def own_kafka(self) -> bool:
        return "kafka" not in self.settings.model_fields_set

    @property
    def own_redis(self) -> bool:
        return "redis_url" not in self.settings.model_fields_set

    @property
    def generation(self) -> int:
        return self.state.generation if self.state and self.supervised else self.settings.generation

    @property
    def kafka(self) -> str:
        """Bootstrap servers; empty where it is not known to run."""
        if not self.own_kafka:
            return self.settings.kafka
        return self.state.kafka if self.state and self.supervised else ""

    @property
    def own_model(self) -> Path | None:
        """Folder of the model where one is set."""
        try:
            return read(EmbedSettings, self.environ).model
        except SettingsError:  # another check names it
            return None

    @cached_property
    def processes(self) -> list[ProcessStatus]:
        """Of the stack of the data folder, also of one whose supervisor was killed."""
        return processes_of(self.state.children, self.state.url)[0] if self.state else []


def place_of(url: str, data: Path | None, environ: Mapping[str, str]) -> Place:
    """Never raises for what it finds."""
    try:
        settings = read(UpSettings, environ)
        folder = data_folder(data, environ)
    except SettingsError:
        folder = (data or Path(environ.get("FRESHET_DATA") or ".freshet")).resolve()
        settings = UpSettings(data=folder)
    try:
        state = read_state(folder)
    except StateRefused:
        state = None
    runs = state is not None and supervisor_alive(state)
    local = not url or (state is not None and same_address(url, state.url))
    address = url or (state.url if state and runs else "")
    return Place(folder, environ, settings, state, address.rstrip("/"), local, given=data is not None)


def exists_above(folder: Path) -> Path:
    """The folder itself, else the nearest one above it that is there."""
    return next(path for path in (folder, *folder.parents) if path.exists())
