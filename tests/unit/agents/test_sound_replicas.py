"""Three real shards over HTTP: the one that most others contradict gives no vector for a session, until it agrees."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import aiohttp
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer

from agents.faults import Faults
from agents.health import Health
from agents.scrubbing import Scrubber
from agents.shard import Kept, ShardAgent, ShardSetup
from agents.shard_endpoint import ShardEndpoint
from agents.shard_vectors import ShardVectors
from agents.sound_replicas import SoundReplicas
from agents.topics import Topics
from index_snapshots.apply import apply
from index_snapshots.builder import BuilderHere
from index_snapshots.checkpoints import CheckpointLog
from index_snapshots.protocol import Offsets
from schemas.errors import Unavailable
from schemas.metrics import Metrics
from tests.unit.agents.test_scrubbing import flip
from tests.unit.index_snapshots.making import ORIGIN, content, document, logged, shard


def kept(folder: Path, title: str = "Lamp") -> Kept:
    one = Kept(ORIGIN, folder, shard(), CheckpointLog(2, Offsets(0, 0)), live_from=Offsets(0, 0))
    apply(logged("documents", [document(str(n), n, of=content(title)) for n in range(3)]), one.shard, one.checkpoints)
    return one


def agent(folder: Path, replica: int, one: Kept) -> ShardAgent:
    producer: Any = SimpleNamespace()
    setup = ShardSetup("", Topics(1, 1), folder, replica, 20_000, 2, 9, 2, 0.98)
    made = ShardAgent(setup, [], BuilderHere(), producer, Metrics(), Faults(), str)
    made.kept[0], made.caught_up = one, True
    return made


class Shop(NamedTuple):
    agents: Sequence[ShardAgent]
    sound: SoundReplicas
    vectors: ShardVectors

    async def asked(self) -> int:
        """Which replica gave the vectors."""
        answer = await self.vectors.ask(0, ["1"], 5.0)
        assert set(answer.vectors) == {"1"}
        return answer.state.replica


@pytest_asyncio.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """Replica 0, which is asked first, holds other titles."""
    agents = [agent(tmp_path, n, kept(tmp_path, "Lamq" if n == 0 else "Lamp")) for n in range(3)]
    servers = [TestServer(ShardEndpoint(a).app(Health("shard", Metrics(), str, dict))) for a in agents]
    for server in servers:
        await server.start_server()
    async with aiohttp.ClientSession() as session:
        sound = SoundReplicas([[str(server.make_url("")).rstrip("/") for server in servers]], session)
        yield Shop(agents, sound, ShardVectors(sound, session, lambda: 0.0))
    for server in servers:
        await server.close()


async def test_one_that_most_others_contradict_is_not_asked_until_it_agrees(shop: Shop, tmp_path: Path) -> None:
    assert await shop.asked() == 0, "nobody has looked yet"
    await shop.sound.look()
    assert await shop.asked() == 1
    shop.agents[0].kept[0] = kept(tmp_path)
    await shop.sound.look()
    assert await shop.asked() == 0


async def test_an_answer_of_one_that_is_taken_out_is_refused_whatever_its_address(shop: Shop) -> None:
    await shop.sound.look()
    shop.sound._numbers.clear()
    assert await shop.asked() == 1


async def test_one_with_a_flipped_bit_gives_no_vector_from_the_scrub_on(shop: Shop, tmp_path: Path) -> None:
    whole = shop.agents[0].kept[0] = kept(tmp_path)
    flip(whole)
    assert await shop.asked() == 0
    Scrubber([whole], 1.0, Metrics()).one(whole)
    assert await shop.asked() == 1, "it refuses by itself"
    await shop.sound.look()
    assert len(shop.sound.of(0)) == 2


async def test_without_a_sound_one_there_are_no_vectors(shop: Shop, tmp_path: Path) -> None:
    shop.agents[0].kept[0] = kept(tmp_path)
    for one in shop.agents:
        flip(one.kept[0])
        Scrubber([one.kept[0]], 1.0, Metrics()).one(one.kept[0])
    await shop.sound.look()
    with pytest.raises(Unavailable):
        await shop.asked()
