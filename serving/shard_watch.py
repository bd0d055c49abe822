"""Knows how the shards are: asks each process for its state in the background, so that no request waits for it."""

import asyncio
from collections.abc import Mapping
from typing import Protocol

from index_snapshots.faulty import out_of
from schemas.errors import Unavailable
from schemas.hits import ShardState
from schemas.shards import ShardOnProcess
from serving.examining import Examine
from serving.judging import Judge
from serving.logs import Log
from serving.shards import Shards

WATCH_EVERY_S = 0.5
WATCH_TIMEOUT_S = 2.0


class Hints(Protocol):
    """Where replicas tell how fresh they are. Never raises; empty when it is away."""

    up: bool

    async def read(self) -> dict[tuple[int, int], ShardState]: ...


class ShardWatch:
    """The last known state of every replica, and the hints of those that were not reached."""

    def __init__(self, examine: Examine | None = None) -> None:
        self.judge = Judge(examine)
        self.processes: dict[tuple[int, int], ShardOnProcess] = {}
        self.at: dict[str, list[ShardOnProcess]] = {}
        """By address; who did not answer is missing."""
        self._hinted: dict[tuple[int, int], ShardState] = {}
        self._here: dict[str, bool] = {}

    def states(self) -> dict[tuple[int, int], ShardState]:
        """By (partition, replica): what the process said, else the hint."""
        return self._hinted | {place: process.state for place, process in self.processes.items()}

    def ready(self, partition: int) -> bool:
        return any(process.ready for (where, _), process in self.processes.items() if where == partition)

    def encoders(self) -> set[str]:
        """Ids of the encoders whose vectors the shards hold."""
        return {process.encoder for process in self.processes.values() if process.encoder}

    def currencies(self) -> frozenset[str]:
        """In which the shop has prices; empty while no shard has answered."""
        return frozenset(code for process in self.processes.values() for code in process.currencies)

    def visible(self, partition: int) -> int:
        """Products that the furthest replica of a partition shows; 0 when none answers."""
        here = [process for (where, _), process in self.processes.items() if where == partition]
        return max(here, key=lambda process: process.state.documents_offset).visible if here else 0

    async def refresh(self, shards: Shards, hints: Hints, log: Log) -> None:
        """Asks every process and the hints at once; a process that does not answer is unknown from now on."""
        addresses = shards.addresses()
        answers = asyncio.gather(*(_ask(shards, address) for address in addresses))
        self._hinted = await hints.read()
        found = dict(zip(addresses, await answers, strict=True))
        self._tell({address: isinstance(answer, list) for address, answer in found.items()}, found, log)
        self.at = {address: answer for address, answer in found.items() if isinstance(answer, list)}
        self.processes = {
            (process.state.partition, process.state.replica): process
            for answer in self.at.values()
            for process in answer
        }
        shards.router.saw(self.at, self._hinted)
        places = {
            (process.state.partition, process.state.replica): address
            for address, answer in self.at.items()
            for process in answer
        }
        self.judge.look(self.processes, places, log)
        shards.router.take_out(out_of(self.judge.faulty))

    def _tell(self, here: dict[str, bool], found: Mapping[str, object], log: Log) -> None:
        for address, answers in here.items():
            if answers and not self._here.get(address, False):
                log.info("shard_answers", address=address)
            elif not answers and self._here.get(address, True):
                log.warning("shard_lost", address=address, why=str(found[address]))
        self._here = here


async def _ask(shards: Shards, address: str) -> list[ShardOnProcess] | Unavailable:
    try:
        return (await shards.state_of(address, WATCH_TIMEOUT_S)).shards
    except Unavailable as error:
        return error
