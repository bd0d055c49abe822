"""What a person wishes of the demo that runs on a data folder: `freshet demo --speed`, `--reset`. Files in DATA/demo.

One process at a time is the demo of a folder; it holds the lock and looks at the files, the commands write them.
"""

import os
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from freshet.runtime.data_lock import locked

SPEED_DEFAULT = 1.0
SPEED_MAX = 50.0
"""100 changes and 50 shoppers' steps a second: what one small machine indexes with ease."""


class Wishes:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._speed = folder / "speed"
        self._reset = folder / "reset"

    @property
    def speed(self) -> float:
        """0 to SPEED_MAX; the default when nobody has said, or when the file cannot be read."""
        try:
            return min(SPEED_MAX, max(0.0, float(self._speed.read_text(encoding="ascii"))))
        except (OSError, ValueError):
            return SPEED_DEFAULT

    def set_speed(self, speed: float) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        fresh = self._folder / "speed.new"
        fresh.write_text(f"{speed:g}\n", encoding="ascii")
        os.replace(fresh, self._speed)

    @property
    def reset(self) -> bool:
        """Whether a reset is wished and not yet done."""
        return self._reset.exists()

    def ask_reset(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._reset.touch()

    def reset_done(self) -> None:
        with suppress(FileNotFoundError):
            self._reset.unlink()

    def held(self) -> AbstractContextManager[bool]:
        """Yields whether we are the demo of the folder now."""
        return locked(self._folder)
