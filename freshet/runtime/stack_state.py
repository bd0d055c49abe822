"""DATA/state.json: which processes run where, so that other commands find them and the next start cleans up."""

import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from schemas.errors import StateRefused
from schemas.secrets import shown

FILE = "state.json"
OWNER_ONLY = 0o600
Phase = Literal["starting", "ready", "stopping", "stopped"]
ChildPhase = Literal["waiting", "starting", "ready", "backing off", "done", "stopped"]


class ChildState(BaseModel):
    """One supervised process. `started` names it together with `pid`; see `processes.identity`."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    name: str
    state: ChildPhase
    """`done`: a step that ended well; `backing off`: it died and is started again soon."""
    pid: int | None = None
    started: str | None = None
    """With `pid` it names the process for good: a later one with the same number has another."""
    started_ms: int | None = None
    """ms since 1970."""
    port: int = 0
    """0: it has none."""
    restarts: int = 0
    """How often it was started again after it died."""
    log: str = ""
    """Its log file."""
    hands_over: bool = False
    """Whether a new process can take over from it while it answers."""
    takeovers_failed: int = 0
    """How often the new process did not become ready, and the one before it went on."""


class StackState(BaseModel):
    """The whole stack. `ports` outlives a stop: the next start takes the same ones."""

    model_config = ConfigDict(frozen=True)

    state: Phase
    pid: int | None = None
    started: str | None = None
    url: str = ""
    kafka: str = ""
    redis_url: str = ""
    generation: int = 1
    partitions: int = 1
    replicas: int = 1
    ports: dict[str, int] = Field(default_factory=dict)
    children: list[ChildState] = Field(default_factory=list)


def as_json(state: StackState) -> str:
    """For a person or a script: without passwords."""
    addresses = {"kafka": shown(state.kafka), "redis_url": shown(state.redis_url)}
    return state.model_copy(update=addresses).model_dump_json(indent=1)


def read_state(data: Path) -> StackState | None:
    """None when nothing was ever started in the folder. Raises StateRefused when the file is damaged."""
    path = data / FILE
    try:
        return StackState.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError) as error:
        raise StateRefused(
            f"cannot read {path}: {error}", hint="end the processes of this stack, delete the file and start again"
        ) from error


def write_state(data: Path, state: StackState) -> None:
    """Replaces the file in one step: a reader sees the old one or the new one.

    It is for its owner only: an address may hold a password.
    """
    path = data / FILE
    fresh = path.with_suffix(".json.new")
    fresh.touch(mode=OWNER_ONLY)
    fresh.chmod(OWNER_ONLY)
    fresh.write_text(state.model_dump_json(indent=1) + "\n", encoding="utf-8")
    os.replace(fresh, path)
