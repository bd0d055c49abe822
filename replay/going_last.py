"""A process goes last: at the lowest priority, on one core. Said before all imports: these take a second of a core."""

import os
from typing import Final

NICE: Final = 19
"""Searches, agents and builders go first."""
CORES_MAX: Final = 1


def go_last() -> None:
    """This process and all threads that it starts from now on."""
    os.nice(NICE)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-CORES_MAX:])
