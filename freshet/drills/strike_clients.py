"""Faults of clients: connections that are opened and say nothing, or half of what they have to say."""

import resource
import socket
import time
from contextlib import ExitStack
from typing import Final
from urllib.parse import urlsplit

from freshet.drills.stage import Stage

CONNECTIONS: Final = 2_000
SPARE_FILES: Final = 200
"""Of this process, beside them."""
HALF_A_HEAD: Final = b"POST /v1/search HTTP/1.1\r\nHost: shop\r\nContent-"
CONNECT_S: Final = 5.0


def idle(stage: Stage, process: str, lasts_s: float) -> None:
    """Every other one has sent half a head."""
    _allow(CONNECTIONS + SPARE_FILES)
    place = urlsplit(stage.up.state().url)
    with ExitStack() as open_ones:
        for number in range(CONNECTIONS):
            connection = socket.create_connection((place.hostname or "", place.port or 80), CONNECT_S)
            open_ones.enter_context(connection)
            if number % 2:
                connection.sendall(HALF_A_HEAD)
        time.sleep(lasts_s)


def _allow(files: int) -> None:
    """Raises ValueError where the system does not allow so many (`ulimit -Hn`)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
