"""What the supervisor is told of a child."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from freshet.runtime.listener import Listener


@dataclass(frozen=True)
class Child:
    """What to run. `ready` is asked until it says yes; a step (`once`) is ready when it ended with 0."""

    name: str
    command: tuple[str, ...]
    environ: Mapping[str, str]
    log: Path
    ready: Callable[[], bool] = lambda: True
    after: tuple[str, ...] = ()
    """Started for the first time when these are ready, and stopped before them. A restart waits for nobody."""
    stops_before: tuple[str, ...] = ()
    port: int = 0
    once: bool = False
    told: str = ""
    """What the progress line says it is."""
    listener: Listener | None = None
    """What it listens on, kept open between two processes: a new one can take over while the old one answers."""
