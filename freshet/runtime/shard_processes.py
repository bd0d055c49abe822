"""Which shard processes `freshet up` runs: by default one per replica with all partitions, else as the table says."""

from collections.abc import Sequence
from typing import NamedTuple

from schemas.errors import SettingsError
from schemas.settings import REPLICAS_MAX, UpSettings


class ShardProcess(NamedTuple):
    """One process: these partitions of this replica."""

    name: str
    replica: int
    partitions: tuple[int, ...]


def shard_processes(settings: UpSettings) -> list[ShardProcess]:
    """By replica, then in the order of the table. Raises SettingsError unless each replica has each partition once."""
    if settings.shard_processes:
        table = [_parse(entry) for entry in settings.shard_processes]
        _check(table, settings)
    else:
        table = [(replica, tuple(range(settings.partitions))) for replica in range(settings.replicas)]
    table.sort(key=lambda row: row[0])
    return [ShardProcess(_name(table, at), replica, parts) for at, (replica, parts) in enumerate(table)]


def replica_count(settings: UpSettings) -> int:
    return 1 + max(process.replica for process in shard_processes(settings))


def _parse(entry: str) -> tuple[int, tuple[int, ...]]:
    """`1:0|2`: partitions 0 and 2 of replica 1."""
    replica, colon, partitions = entry.partition(":")
    numbers = [part.strip() for part in partitions.split("|")]
    if not colon or not all(number.isdecimal() for number in (replica.strip(), *numbers)):
        raise _wrong(f"{entry!r} is not REPLICA:PARTITION|PARTITION")
    return int(replica), tuple(map(int, numbers))


def _check(table: Sequence[tuple[int, tuple[int, ...]]], settings: UpSettings) -> None:
    replicas = 1 + max(replica for replica, _ in table)
    if replicas > REPLICAS_MAX:
        raise _wrong(f"there are at most {REPLICAS_MAX} replicas, numbered from 0")
    if "replicas" in settings.model_fields_set and replicas != settings.replicas:
        raise _wrong(f"it names {replicas} replicas, and the setting replicas says {settings.replicas}")
    for replica in range(replicas):
        served = sorted(part for number, parts in table if number == replica for part in parts)
        if served != list(range(settings.partitions)):
            raise _wrong(f"replica {replica} has the partitions {served}, not each of {settings.partitions} once")


def _wrong(what: str) -> SettingsError:
    return SettingsError(
        f"setting shard_processes (FRESHET_SHARD_PROCESSES): {what}",
        hint="one entry per process: 0:0|1,0:2|3,1:0|1|2|3 are two processes of replica 0 and one of replica 1",
    )


def _name(table: Sequence[tuple[int, tuple[int, ...]]], at: int) -> str:
    """`shard`; of several replicas `shard-1`, of several processes of a replica `shard-1-0`."""
    replica = table[at][0]
    same = [place for place, row in enumerate(table) if row[0] == replica]
    if len(table) == 1:
        return "shard"
    return f"shard-{replica}" if len(same) == 1 else f"shard-{replica}-{same.index(at)}"
