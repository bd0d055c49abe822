"""Loopback ports: a free one, and whether somebody listens."""

import random
import socket
from collections.abc import Collection

from schemas.errors import Unavailable

LOOPBACK = "127.0.0.1"
CHOSEN_FROM = range(20_000, 30_000)
"""Below every system's range for outgoing connections (Linux: from 32768): inside it a client that connects again and
again to a dead server's port is sooner or later given that very port, and the server cannot come back."""
TRIES = 1_000


def free_port(but_not: Collection[int] = ()) -> int:
    """A port nobody has bound. Another process may take it before we do; then the start fails and says so."""
    for _ in range(TRIES):
        port = random.choice(CHOSEN_FROM)
        if port not in but_not and is_free(port):
            return port
    raise Unavailable(f"no free port on {LOOPBACK} between {CHOSEN_FROM.start} and {CHOSEN_FROM.stop}")


def is_free(port: int, host: str = LOOPBACK) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port in TIME_WAIT is free for a server
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True
