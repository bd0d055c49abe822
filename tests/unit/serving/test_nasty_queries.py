"""Queries that nobody types by accident, through the tier and a real shard: answered or refused, never broken.

The long form, with the real encoder and a clock, is `freshet drill nasty-queries`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from aiohttp import web

from agents.shard_endpoint import ShardEndpoint
from freshet.drills.nasty import BODIES, TEXTS, Nasty, nasty_queries
from index_snapshots.apply import apply
from index_snapshots.protocol import Offsets
from index_snapshots.word_feed import WordFeed
from schemas.hits import ShardState
from tests.unit.index_snapshots.making import FACETS, ORIGIN, content, document, logged, offer, shard, unit
from tests.unit.serving.fakes import FakeEncoding, FakeShard, Tier, state

SEED = 20_261_128
COUNT = 10 * len({**TEXTS, **BODIES})
PRODUCTS = (
    "Red lamp 4k",
    "WH-1000XM4",
    "usb c 5x5 cm",
    "灯 ランプ",
    "Lampe für die Küche",
    "مصباح",
    "😀 👩‍👩‍👧‍👦",
    "e\u0301" * 200,
)


class Encoder(FakeEncoding):
    async def encode(self, text: str, deadline_s: float) -> Any:
        text.encode()  # as every engine does
        return unit(len(text)).astype(np.float32)


class RealShard(FakeShard):
    """One that searches products whose titles are as odd as the queries."""

    def __init__(self, folder: Path) -> None:
        super().__init__(state())
        self.one = shard()
        self.feed = WordFeed(folder, self.one.view, FACETS)
        self.one.feed(self.feed)
        documents = [document(f"p{at}", at, seed=at, of=content(title)) for at, title in enumerate(PRODUCTS)]
        apply(logged("documents", documents), self.one)
        apply(logged("offers", [offer(f"p{at}", at) for at in range(len(PRODUCTS))]), self.one)
        assert self.feed.wait(len(PRODUCTS), 30)

    def app(self) -> web.Application:
        def state_at(partition: int, offsets: Offsets) -> ShardState:
            return self.state

        kept = SimpleNamespace(shard=self.one, origin=ORIGIN, words=self.feed)
        agent: Any = SimpleNamespace(caught_up=True, kept={0: kept}, state=state_at)
        told = self._state

        class Endpoint(ShardEndpoint):
            async def state(self, request: web.Request) -> web.Response:
                return await told(request)

        health: Any = SimpleNamespace(add_to=lambda app: None)
        return Endpoint(agent).app(health)


@asynccontextmanager
async def shop(folder: Path) -> AsyncIterator[Tier]:
    made = RealShard(folder)
    try:
        async with Tier([[made]], encoding=Encoder(), search_budget_ms=10_000) as tier:
            yield tier
    finally:
        made.feed.close()


async def wrong(tier: Tier, one: Nasty) -> str:
    """What is wrong with the answer, or nothing."""
    response = await tier.client.post("/v1/search", data=one.body, headers={"Content-Type": "application/json"})
    answer = await response.json()
    if response.status == 200:
        return f"without {answer['degraded']}" if answer["degraded"] else ""
    told = response.status in (400, 413) and answer["code"] and answer["detail"]
    return f"{response.status} {answer}" if one.taken or not told else ""


async def test_they_are_answered_or_refused_with_a_reason(tmp_path: Path) -> None:
    async with shop(tmp_path) as tier:
        for one in nasty_queries(SEED, COUNT):
            assert not await wrong(tier, one), (one.kind, one.body[:2_000])
        assert tier.lines.lines == []


async def test_control_a_part_that_cannot_take_them_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fragile(*_: Any, text: str = "", **__: Any) -> Any:
        raise UnicodeError("what is that?")

    monkeypatch.setattr("agents.shard_search.by_words", fragile)
    async with shop(tmp_path) as tier:
        assert [one.kind for one in nasty_queries(SEED, 20) if await wrong(tier, one)]
