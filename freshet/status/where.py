"""Which stack to look at: the one of the data folder, the one the environment names, or just an address."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from freshet.remedies import data_option
from freshet.running import NAMED_BY, data_folder, supervisor_alive
from freshet.runtime import processes
from freshet.runtime.stack_state import StackState, read_state
from freshet.target import same_address
from schemas.settings import ServingSettings, read


@dataclass(frozen=True)
class Where:
    """What is known before anybody is asked. Empty: not known from here."""

    state: StackState | None
    """Of a stack on this machine."""
    data: Path | None
    url: str
    key: str
    kafka: str
    redis_url: str
    generation: int
    partitions: int
    option: str = ""
    """--data as it must be typed behind a command, or nothing."""

    @property
    def supervised(self) -> bool:
        return self.state is not None and supervisor_alive(self.state)


def where(url: str, data: Path | None, environ: Mapping[str, str]) -> Where:
    """Never says that nothing runs: that is for the one who asks. Raises SettingsError, and StateRefused for a damaged
    state file."""
    settings = read(ServingSettings, environ)
    folder = data_folder(data, environ)
    state = read_state(folder)
    lives = state is not None and (supervisor_alive(state) or bool(survivors(state)))
    here = state is not None and (not url or same_address(url, state.url))
    named = any(environ.get(name) for name in NAMED_BY)
    option = data_option(data)
    if state is not None and here and (lives or data is not None or not named):
        return Where(
            state,
            folder,
            state.url,
            settings.admin_key,
            state.kafka,
            state.redis_url,
            state.generation,
            state.partitions,
            option,
        )
    if url or (named and data is None):
        its_kafka = settings.kafka if "kafka" in settings.model_fields_set else ""
        its_redis = settings.redis_url if "redis_url" in settings.model_fields_set else ""
        address = (url or f"http://{settings.host}:{settings.port}").rstrip("/")
        return Where(
            None, None, address, settings.admin_key, its_kafka, its_redis, settings.generation, settings.partitions
        )
    return Where(None, folder, "", settings.admin_key, "", "", settings.generation, settings.partitions)


def survivors(state: StackState) -> list[str]:
    """Names of the processes of the stack that still live."""
    return [
        child.name
        for child in state.children
        if child.pid is not None and child.started is not None and processes.identity(child.pid) == child.started
    ]
