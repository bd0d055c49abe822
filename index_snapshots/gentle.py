"""Work behind the searches' backs: after each piece it sleeps, so that it takes but a share of a core."""

import threading
import time
from collections.abc import Callable
from typing import Final

Rest = Callable[[], None]
"""Called after each small piece of work, in the thread that does it."""
SHARE_MAX: Final = 0.1
"""Of one core, for a snapshot: it takes ten times as long, and nine of ten searches meet none of it."""
SLEEP_S_MIN: Final = 0.002
"""Less is not slept but added to the next piece."""


def no_rest() -> None:
    """Works on."""


class Gently:
    """A `Rest` for one thread and one piece of work at a time. `hurried`, once set, ends all sleeping."""

    def __init__(self, hurried: threading.Event, share: Callable[[], float] = lambda: SHARE_MAX) -> None:
        """`share`: of one core; asked before each sleep, since somebody may begin to wait for the work."""
        self._hurried, self._share = hurried, share
        self._began_s = time.thread_time()

    def __call__(self) -> None:
        sleep_s = (time.thread_time() - self._began_s) * (1 / self._share() - 1)
        if sleep_s >= SLEEP_S_MIN:
            self._hurried.wait(sleep_s)
            self._began_s = time.thread_time()
