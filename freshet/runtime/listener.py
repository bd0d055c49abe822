"""The socket that the query tier listens on: the supervisor keeps it open, so that no connection is refused between two
processes. See docs/adr/0014-handing-over.md."""

import socket
from collections.abc import Mapping
from typing import Final

from schemas.settings import as_environ

BACKLOG: Final = 1_024
"""Connections that wait while no process takes them; Linux takes fewer where net.core.somaxconn is lower."""


class Listener:
    """Bound when it is first needed."""

    def __init__(self, host: str, port: int, shared: bool = False) -> None:
        """`shared`: others listen on the port too, and the system deals the connections out (SO_REUSEPORT)."""
        self._shared = shared
        self.host = host
        self.port = port
        self._socket: socket.socket | None = None

    def fileno(self) -> int:
        """Raises OSError when the address cannot be bound."""
        if self._socket is None:
            family, _, _, _, address = socket.getaddrinfo(
                self.host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            self._socket = socket.create_server(address[:2], family=family, backlog=BACKLOG, reuse_port=self._shared)
        return self._socket.fileno()

    def environ(self, ready_fd: int = -1) -> Mapping[str, str]:
        """What tells a process of it; with `ready_fd` it takes over from another one."""
        return as_environ({"listen_fd": self.fileno(), "ready_fd": ready_fd})

    def close(self) -> None:
        """From the end of the last process on connections are refused."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
