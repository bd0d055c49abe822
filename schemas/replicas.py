"""The addresses of the shards, as the setting `shards` gives them."""

from collections.abc import Sequence
from typing import Final

from schemas.errors import SettingsError

DNS: Final = "dns://"
"""`dns://name:port`: every address that the name resolves to is a replica (a headless service)."""


def parse_replicas(shards: Sequence[str], partitions: int) -> list[list[str]]:
    """Per partition the addresses: `http://host:port`, or `dns://name:port`.

    Raises SettingsError unless each partition has one.
    """
    replicas = [[_with_scheme(address.strip()) for address in entry.split("|") if address.strip()] for entry in shards]
    if len(replicas) != partitions or not all(replicas):
        raise SettingsError(
            f"setting shards (FRESHET_SHARDS): it must name the addresses of all {partitions} partitions,"
            f" got {list(shards)!r}",
            hint="one entry per partition, separated by commas; replicas of a partition separated by |",
        )
    for address in (address for entry in replicas for address in entry):
        if address.startswith(DNS) and not _names_port(address):
            raise SettingsError(
                f"setting shards (FRESHET_SHARDS): {address!r} names no port",
                hint="for example dns://shard-0.freshet:9100",
            )
    return replicas


def host_and_port(address: str) -> tuple[str, int]:
    """Of a `dns://` address."""
    host, _, port = address.removeprefix(DNS).rpartition(":")
    return host, int(port)


def by_any_address(replicas: Sequence[Sequence[str]]) -> list[list[str]]:
    """For a client that is content with whichever address a name has: `dns://` becomes `http://`."""
    return [[address.replace(DNS, "http://", 1) for address in entry] for entry in replicas]


def _with_scheme(address: str) -> str:
    return (address if "://" in address else f"http://{address}").rstrip("/")


def _names_port(address: str) -> bool:
    host, _, port = address.removeprefix(DNS).rpartition(":")
    return bool(host) and port.isdigit() and 0 < int(port) < 65_536
