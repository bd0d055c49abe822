"""Where the replicas of each partition are: as configured, or as a name resolves now."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from schemas.replicas import DNS, host_and_port
from serving.logs import Log

RESOLVE_EVERY_S: Final = 5.0
ADDRESSES_MAX: Final = 32
"""Of one name; more are left out."""

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Addresses `http://ip:port` of a host, in any order. Raises OSError."""


class Addresses:
    """`configured[partition]` are the addresses of its replicas; those that begin with `dns://` are names.

    A name that does not resolve keeps what it resolved to last.
    """

    def __init__(self, configured: Sequence[Sequence[str]], resolve: Resolve | None = None) -> None:
        self._configured = configured
        self._resolve = resolve or resolve_by_dns
        self._resolved: dict[str, list[str]] = {}
        self._failing: set[str] = set()

    @property
    def partitions(self) -> range:
        return range(len(self._configured))

    @property
    def names(self) -> list[str]:
        """Each `dns://` address once."""
        every = (address for group in self._configured for address in group)
        return list(dict.fromkeys(address for address in every if address.startswith(DNS)))

    def of(self, partition: int) -> list[str]:
        """Each once; empty while a name has not been resolved yet."""
        found: dict[str, None] = {}
        for address in self._configured[partition]:
            found |= dict.fromkeys(self._resolved.get(address, []) if address.startswith(DNS) else [address])
        return list(found)

    def number(self, partition: int, address: str) -> int | None:
        """Of the replica, by its place in the setting; None when a name stands for it."""
        group = self._configured[partition]
        return group.index(address) if address in group else None

    async def refresh(self, name: str, log: Log) -> None:
        """Resolves one `dns://` address. Never raises OSError."""
        try:
            found = await self._resolve(*host_and_port(name))
        except OSError as error:
            if name not in self._failing:
                log.warning("name_not_resolved", name=name, why=str(error), kept=self._resolved.get(name, []))
            self._failing.add(name)
            return
        self._failing.discard(name)
        found = sorted(set(found))[:ADDRESSES_MAX]
        if found and found != self._resolved.get(name):
            log.info("name_resolved", name=name, addresses=found)
            self._resolved[name] = found


async def resolve_by_dns(host: str, port: int) -> list[str]:
    """As the system resolves names."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [f"http://[{ip}]:{port}" if ":" in ip else f"http://{ip}:{port}" for ip in (str(one[4][0]) for one in found)]
