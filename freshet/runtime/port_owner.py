"""Who listens on a port: its process and the command line it was started with."""

from dataclasses import dataclass

import psutil

COMMAND_CHARS_MAX = 80


@dataclass(frozen=True)
class Listener:
    port: int
    pid: int | None
    """None: another user's, whom only root may ask."""
    command: str = ""

    def __str__(self) -> str:
        if self.pid is None:
            return f"another user's program (sudo ss -ltnp 'sport = :{self.port}' names it)"
        return f"pid {self.pid}" + (f" ({self.command})" if self.command else "")


def listeners() -> dict[int, Listener]:
    """By TCP port; nothing where the system does not tell."""
    try:
        sockets = psutil.net_connections("tcp")
    except (psutil.Error, OSError):  # macOS asks for root
        return {}
    return {
        socket.laddr.port: Listener(socket.laddr.port, socket.pid, command_of(socket.pid))
        for socket in sockets
        if socket.status == psutil.CONN_LISTEN
    }


def command_of(pid: int | None) -> str:
    """What the process was started as, on one line; empty where it is gone or may not be asked."""
    try:
        words = psutil.Process(pid).cmdline() if pid is not None else []
    except psutil.Error:
        return ""
    text = " ".join(words)
    return text if len(text) <= COMMAND_CHARS_MAX else text[: COMMAND_CHARS_MAX - 3] + "..."
