"""How far something long is, told now and then."""

import time
from collections.abc import Callable
from typing import Final

Progress = Callable[[int, int], None]
"""Called with what is done and what there is to do in all, in bytes or records."""
TELL_S: Final = 2.0
"""Time between two lines of progress."""


def now_and_then(tell: Callable[[int, int, float], None], clock: Callable[[], float] = time.monotonic) -> Progress:
    """`tell(done, total, left_s)` every TELL_S seconds; `left_s`: until the end, if it goes on like this."""
    started_s = told_s = clock()

    def progress(done: int, total: int) -> None:
        nonlocal told_s
        now_s = clock()
        if now_s - told_s >= TELL_S:
            told_s = now_s
            tell(done, total, (now_s - started_s) * (total - done) / max(1, done))

    return progress
