"""Which replicas `agents.session` asks: it looks at them as every query tier does, and leaves out who is known to be
wrong. See docs/adr/0010-faulty-replicas.md."""

import asyncio
from collections.abc import Sequence, Set
from typing import Final

import aiohttp
import structlog
from pydantic import ValidationError

from index_snapshots.differing import differences
from index_snapshots.faulty import Place, faulty, out_of
from schemas.hits import ShardState
from schemas.shards import ShardOnProcess, StateAnswer

LOOK_EVERY_S: Final = 1.0
TIMEOUT_S: Final = 2.0

log = structlog.get_logger()


class SoundReplicas:
    """`replicas`: per partition the addresses, in the order in which they are asked."""

    def __init__(self, replicas: Sequence[Sequence[str]], session: aiohttp.ClientSession) -> None:
        self._replicas = replicas
        self._session = session
        self._numbers: dict[tuple[int, str], int] = {}
        """Of the replica that answered for a partition at an address."""
        self._out: Set[Place] = frozenset()

    def of(self, partition: int) -> list[str]:
        """Addresses of those that may answer."""
        places = ((address, self._numbers.get((partition, address))) for address in self._replicas[partition])
        return [address for address, number in places if number is None or (partition, number) not in self._out]

    def may_answer(self, state: ShardState) -> bool:
        """Also of an answer: behind one address there may be several replicas."""
        return (state.partition, state.replica) not in self._out

    async def forever(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Asks all processes at once; one that does not answer is neither sound nor wrong."""
        addresses = list(dict.fromkeys(address for group in self._replicas for address in group))
        answers = await asyncio.gather(*(self._ask(address) for address in addresses))
        found: dict[Place, ShardOnProcess] = {}
        for address, shards in zip(addresses, answers, strict=True):
            for one in shards:
                found[one.state.partition, one.state.replica] = one
                self._numbers[one.state.partition, address] = one.state.replica
        before, self._out = self._out, out_of(faulty(found, differences(found.values())))
        for partition, replica in sorted(self._out - before):
            log.warning("a faulty replica is not asked for vectors", partition=partition, replica=replica)

    async def _ask(self, address: str) -> list[ShardOnProcess]:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        try:
            async with self._session.get(f"{address}/state", timeout=timeout, raise_for_status=True) as response:
                return StateAnswer.model_validate_json(await response.read()).shards
        except (aiohttp.ClientError, TimeoutError, OSError, ValidationError):
            return []
