"""The fault of a disk: it is full."""

import errno
import time
from pathlib import Path
from typing import Final

from freshet.drills.stage import Stage

PIECE: Final = b"x" * 65_536
EVERY_S: Final = 0.1


def fill(stage: Stage, process: str, lasts_s: float) -> None:
    """Takes all that is left on the disk of a process, again and again, and gives it back."""
    filler = stage.up.data / process / "filler"
    until_s = time.monotonic() + lasts_s
    try:
        while time.monotonic() < until_s:
            _take_all(filler)
            time.sleep(EVERY_S)
    finally:
        filler.unlink(missing_ok=True)


def _take_all(filler: Path) -> None:
    with filler.open("ab", buffering=0) as file:
        try:
            while file.write(PIECE):
                pass
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
