"""A shard of a few products behind the tier's HTTP: what it answers is what a shard's process would."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from aiohttp import web

from agents.shard_endpoint import ShardEndpoint
from index_snapshots.apply import apply
from index_snapshots.shard_names import ShardNames
from index_snapshots.word_feed import WordFeed
from schemas.hits import ShardState
from schemas.records import DocumentRecord, OfferRecord
from tests.unit.index_snapshots.making import DIM, FACETS, ORIGIN, logged, shard
from tests.unit.serving.fakes import FakeEncoding, FakeShard

WORDS_WAIT_S = 30


class RealShard(FakeShard):
    """Close its `feed`."""

    def __init__(self, folder: Path, documents: Sequence[DocumentRecord], offers: Sequence[OfferRecord]) -> None:
        super().__init__()
        one = shard()
        self.feed = WordFeed(folder, one.view, FACETS)
        one.feed(self.feed)
        apply(logged("documents", documents), one)
        apply(logged("offers", offers), one)
        assert self.feed.wait(len(documents), WORDS_WAIT_S)
        kept = SimpleNamespace(shard=one, origin=ORIGIN, words=self.feed, names=ShardNames(), damaged=False)
        self._agent: Any = SimpleNamespace(caught_up=True, kept={0: kept}, state=self._at)

    def _at(self, partition: int, offsets: Any) -> ShardState:
        return ShardState(partition=partition, replica=0, lineage="l", documents_offset=9, offers_offset=9)

    def app(self) -> web.Application:
        real, fake = ShardEndpoint(self._agent).app(SimpleNamespace(add_to=lambda app: None)), web.Application()  # type: ignore[arg-type]
        fake.router.add_get("/state", self._state)
        for route in real.router.routes():
            if route.resource is not None and route.resource.canonical != "/state" and route.method != "HEAD":
                fake.router.add_route(route.method, route.resource.canonical, route.handler)
        fake.middlewares.extend(real.middlewares)
        return fake


class Encoding(FakeEncoding):
    """Every text means the same."""

    async def encode(self, text: str, deadline_s: float) -> Any:
        await super().encode(text, deadline_s)
        return np.eye(DIM, dtype=np.float32)[0]
