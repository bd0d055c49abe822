"""How commands find the stack they talk to."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from freshet.runtime import processes
from freshet.runtime.stack_state import StackState, read_state
from schemas.errors import Unavailable
from schemas.settings import ServingSettings, Settings, read

NAMED_BY = ("FRESHET_KAFKA", "FRESHET_HOST", "FRESHET_PORT")
"""Variables that say where a stack is which `freshet up` did not start."""


@dataclass(frozen=True)
class Running:
    """A stack that is there: where its HTTP tier, Kafka and Redis are."""

    url: str
    kafka: str
    redis_url: str
    data: Path
    generation: int
    partitions: int


def data_folder(given: Path | None, environ: Mapping[str, str]) -> Path:
    """--data, else FRESHET_DATA or the settings file, else .freshet; absolute."""
    return (given or read(Settings, environ).data).resolve()


def supervisor_alive(state: StackState) -> bool:
    return state.pid is not None and state.started is not None and processes.identity(state.pid) == state.started


def find_running(data: Path | None, environ: Mapping[str, str]) -> Running:
    """The stack of the data folder, else the one the environment names. Raises Unavailable when there is neither."""
    folder = data_folder(data, environ)
    state = read_state(folder)
    if state is not None and supervisor_alive(state):
        return Running(state.url, state.kafka, state.redis_url, folder, state.generation, state.partitions)
    if data is None and any(environ.get(name) for name in NAMED_BY):
        named = read(ServingSettings, environ)
        url = f"http://{named.host}:{named.port}"
        return Running(url, named.kafka, named.redis_url, folder, named.generation, named.partitions)
    raise Unavailable(f"no Freshet stack runs on {folder}", hint="start one: freshet up")
