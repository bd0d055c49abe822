"""Work that can wait a little gives way to searches on the same cores: a shopper waits for these, nobody for that."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

NICE: Final = 2
"""Two thirds of the weight of a process that is not nice. No more: with 5 (a third) little was left on cores that were
all busy, and products, 50 a second, became searchable 12 s later instead of within the second that is promised."""
SESSION: Final = Path("/proc/self/autogroup")


def give_way(session: Path = SESSION) -> None:
    """To be called before threads are started: they inherit it. It cannot be taken back.

    Where Linux shares the cores between sessions first (autogroup), and each process of a stack has its own, niceness
    counts only inside of these: so the session is made nice too, if this process leads it.
    """
    os.setpriority(os.PRIO_PROCESS, 0, max(NICE, os.getpriority(os.PRIO_PROCESS, 0)))
    if os.getsid(0) == os.getpid():
        with suppress(OSError):  # the kernel has no such thing, or this container may not
            session.write_text(str(NICE))
