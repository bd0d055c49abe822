"""Where the tier takes connections: on an address of its own, or on a socket that a supervisor keeps for it."""

import asyncio
import os
import socket
import time
from collections.abc import Callable

from schemas.errors import FreshetError, Unavailable
from schemas.settings import ServingSettings
from serving.parts import Wiring
from serving.readiness import readiness

READY_S_MAX = 60.0
"""A process that is not ready to take over within this leaves; the one before it goes on."""
POLL_S = 0.05
LOOPBACK = "127.0.0.1"
BACKLOG = 1_024
"""Connections that wait until the process takes them; Linux takes fewer where net.core.somaxconn is lower."""


async def listen(protocols: Callable[[], asyncio.Protocol], settings: ServingSettings) -> asyncio.Server:
    """`protocols` makes one for each connection. Raises FreshetError when the port is taken, or what was given is no
    socket."""
    loop = asyncio.get_running_loop()
    try:
        if settings.listen_fd >= 0:
            given = socket.socket(fileno=settings.listen_fd)
            return await loop.create_server(protocols, sock=given, backlog=BACKLOG)
        return await loop.create_server(protocols, settings.host, settings.port, backlog=BACKLOG)
    except OSError as error:
        raise FreshetError(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror or error}",
            hint="another process has the port, or the address is not of this machine: set FRESHET_PORT, FRESHET_HOST",
        ) from error


async def listen_inside(protocols: Callable[[], asyncio.Protocol], port: int) -> asyncio.Server:
    """Where this one of several processes on a port is asked alone. While another one takes over, both listen there.
    Raises FreshetError when somebody else has the port."""
    try:
        return await asyncio.get_running_loop().create_server(protocols, LOOPBACK, port, reuse_port=True)
    except OSError as error:
        raise FreshetError(
            f"cannot listen on {LOOPBACK}:{port}: {error.strerror or error}", hint="set FRESHET_INSIDE_PORT"
        ) from error


async def until_ready(wiring: Wiring, stop: asyncio.Event, limit_s: float = READY_S_MAX) -> bool:
    """True when searches can be answered in full, False when the process is to stop before. Raises Unavailable after
    `limit_s`."""
    until_s = time.monotonic() + limit_s
    while not stop.is_set():
        state = readiness(wiring.shards, wiring.watch, wiring.vectors, wiring.freshness)
        if state.ready:
            return True
        if time.monotonic() > until_s:
            raise Unavailable(
                f"not ready to take over within {limit_s:g} s: it waits for {', '.join(state.waiting_for)}",
                hint="freshet status shows what is not well; without --rolling it is ended all the same",
            )
        await asyncio.sleep(POLL_S)
    return False


def tell_ready(ready_fd: int) -> None:
    """A line, as s6 and others expect it; then the other side takes this process for the one that answers."""
    os.write(ready_fd, b"\n")
    os.close(ready_fd)
