"""The addresses of the shards, as the setting `shards` gives them."""

from collections.abc import Sequence

from schemas.errors import SettingsError


def parse_replicas(shards: Sequence[str], partitions: int) -> list[list[str]]:
    """`replicas[partition][replica]` is an address. Raises SettingsError unless each partition has one."""
    replicas = [[_with_scheme(address.strip()) for address in entry.split("|") if address.strip()] for entry in shards]
    if len(replicas) != partitions or not all(replicas):
        raise SettingsError(
            f"setting shards (FRESHET_SHARDS): it must name the addresses of all {partitions} partitions,"
            f" got {list(shards)!r}",
            hint="one entry per partition, separated by commas; replicas of a partition separated by |",
        )
    return replicas


def _with_scheme(address: str) -> str:
    return (address if "://" in address else f"http://{address}").rstrip("/")
