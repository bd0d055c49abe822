"""A shop in one process: a log in memory, a live shard that reads it, the query tier's search on it, its records."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import xxhash

from agents.shard_question import question_of
from agents.shard_search import Question, answer
from agents.topics import Topics
from index_snapshots.apply import apply, read
from index_snapshots.builder import BuilderHere
from index_snapshots.checkpoints import CheckpointLog
from index_snapshots.folder import SEGMENTS, WORDS, shard_folder
from index_snapshots.manifest import Origin
from index_snapshots.protocol import Identity, Offsets, Topic
from index_snapshots.shard_names import ShardNames
from index_snapshots.snapshot import write
from index_snapshots.word_feed import WordFeed
from index_snapshots.writer import ShardWriter
from replay.shards.bases import in_folders
from replay.shards.rebuilding import Rebuilding, names_of
from replay.shards.rebuilt import Place
from schemas.errors import Unavailable
from schemas.hits import Hit, ShardState
from schemas.records import DocumentRecord, OfferRecord, decode
from schemas.search import SearchRequest
from schemas.served import Served
from schemas.shard_messages import HitsAnswer, ShardAnswer, ShardQuery, WordsAnswer, WordsQuery
from schemas.suggest import ShardSuggestions, SuggestQuery
from serving.budget import Budget
from serving.keys.grant import SHOPPING, Grant
from serving.parts import Wiring
from serving.routes.search import Asker, answered
from streams.topics import Cluster
from tests.unit.index_snapshots.making import (
    DIM,
    ENCODER,
    FACETS,
    SMALL,
    content,
    document,
    no_document,
    no_offer,
    offer,
)
from tests.unit.serving.fakes import FakeEncoding, FakeReader, FakeShard, Tier

EVERY = 16
"""Records between two checkpoints."""
NOW_MS = 1_700_000_000_000
COLOURS = ("red", "blue", "green")
THINGS = ("lamp", "chair", "table", "mug")
CLUSTER = Cluster("cluster", {"documents": "d", "offers": "o"})
TOPICS = Topics(1, 1)
LONG_S = 60.0
SHOWN = tuple(f"{name}:{kind}" for name, kind in FACETS.items())
"""The attributes that are declared."""


class TextEncoding(FakeEncoding):
    """A vector of length 1 that follows from the text."""

    async def encode(self, text: str, deadline_s: float) -> Any:
        if self.error is not None:
            raise self.error
        vector = np.random.default_rng(xxhash.xxh3_64_intdigest(text.encode())).standard_normal(DIM)
        return (vector / np.linalg.norm(vector)).astype(np.float32)


class LiveShard:
    """One replica of partition 0."""

    def __init__(self, folder: Path, log: FakeReader, lineage: str = "first") -> None:
        self.log, self.folder = log, shard_folder(folder, 1, 0)
        self.origin = Origin(
            partition=0,
            generation=1,
            cluster_id=CLUSTER.cluster_id,
            topic_ids=CLUSTER.topic_ids,
            encoder=ENCODER,
            dim=DIM,
        )
        identity = Identity(0, lineage, ENCODER, DIM)
        self.shard = ShardWriter(identity, lambda: NOW_MS, self.folder / SEGMENTS, BuilderHere(), SMALL, None, FACETS)
        self.words = WordFeed(self.folder / WORDS, self.shard.view, FACETS)
        self.shard.feed(self.words)
        self.names = ShardNames()
        self.checkpoints = CheckpointLog(EVERY, self.shard.view.offsets, self.shard.structure.structure_digest)

    def follow(self, documents: int, offers: int) -> None:
        """Reads on, to these offsets at most."""
        ends: dict[Topic, int] = {"documents": documents, "offers": offers}
        for topic, end in ends.items():
            begin = getattr(self.shard.view.offsets, topic)
            for batch in self.log.read(topic, 0, begin, end):
                records = [read(topic, one.offset, one.key, one.value, one.timestamp_ms) for one in batch]
                apply(records, self.shard, self.checkpoints)

    def snapshot(self) -> None:
        write(self.shard.view, self.folder, self.origin, 9, NOW_MS, words=partial(self.words.store, self.folder))

    def state(self, partition: int, offsets: Offsets) -> ShardState:
        lineage = self.shard.view.identity.lineage
        return ShardState(
            partition=0, replica=0, lineage=lineage, documents_offset=offsets[0], offers_offset=offsets[1]
        )


class LiveShards:
    """See `serving.search.Retrieval`: the shard's own functions, without HTTP between."""

    partitions = range(1)

    def __init__(self, live: LiveShard) -> None:
        self._live = live
        self.late: set[str] = set()
        """What does not answer: `words`, `search`, `hits`, `suggest`."""

    def _in_time(self, what: str) -> None:
        if what in self.late:
            raise Unavailable(f"{what} is late")

    def _answer(self, question: Question) -> bytes:
        return answer(question, self._live.state, 0.0)

    async def words(self, query: WordsQuery, timeout_s: float, floor: Any = None) -> WordsAnswer:
        self._in_time("words")
        return WordsAnswer.model_validate_json(self._answer(Question(self._live, query, None, None, LONG_S)))

    async def search(self, query: ShardQuery, budget: Budget, floor: Any = None) -> ShardAnswer:
        self._in_time("search")
        return ShardAnswer.model_validate_json(self._answer(question_of(self._live, query, LONG_S)))

    async def suggest(self, query: SuggestQuery, budget: Budget) -> ShardSuggestions:
        self._in_time("suggest")
        return ShardSuggestions.model_validate_json(self._answer(Question(self._live, query, None, None, LONG_S)))

    async def hits(self, partition: int, skus: Sequence[str], budget: Budget, floor: Any) -> HitsAnswer:
        self._in_time("hits")
        view = self._live.shard.view
        found = [one for one in map(view.found, skus) if one is not None]
        hits = [Hit.model_validate_json(orjson.dumps(part)) for part in view.hit_parts(found)]
        return HitsAnswer(hits=hits, state=self._live.state(0, view.offsets))


@dataclass
class Shop:
    tier: Tier
    wiring: Wiring
    live: LiveShard
    log: FakeReader
    folder: Path
    orders: int = 0

    def send(self, *records: DocumentRecord | OfferRecord) -> None:
        for one in records:
            topic = "documents" if isinstance(one, DocumentRecord) else "offers"
            self.log.send(topic, one.sku.encode(), one.encode(), 0)

    def churn(self, events: int, rng: random.Random) -> None:
        """Products that come, change and go, most with a price."""
        for _ in range(events):
            self.orders += 1
            sku, kind = f"sku-{rng.randrange(60)}", rng.random()
            if kind < 0.1:
                self.send(no_document(sku, self.orders), no_offer(sku, self.orders))
                continue
            title = f"{rng.choice(COLOURS)} {rng.choice(THINGS)}"
            of = content(title.capitalize(), rng.choice(["Lumen", "Cera"]), ["Home"], {"colour": title.split()[0]})
            if kind < 0.8:
                self.send(document(sku, self.orders, seed=self.orders, of=of))
            self.send(offer(sku, self.orders, price=float(rng.randrange(1, 90)), stock=rng.randrange(3)))

    def follow(self, documents: int | None = None, offers: int | None = None) -> None:
        ends = [self.log.begin_end(topic, 0)[1] for topic in ("documents", "offers")]
        self.live.follow(ends[0] if documents is None else documents, ends[1] if offers is None else offers)

    async def search(
        self, text: str, clock: Callable[[], float] | None = None, left_s: float = LONG_S, **more: Any
    ) -> str:
        """The id of the answer. `clock`: the one that its budget looks at."""
        request_id = self.wiring.new_request_id()
        asked = SearchRequest.model_validate({"text": text, **more})
        wiring = self.wiring if clock is None else replace(self.wiring, clock=clock)
        budget = Budget(left_s, wiring.clock)
        with wiring.searching.inside() as inside:
            await answered(asked, Asker(request_id, Grant("somebody", SHOPPING), anew=True), wiring, inside, budget)
        return request_id

    async def records(self) -> list[Served]:
        await self.wiring.served.drain()
        return [decode(Served, one.value or b"") for batch in self.log.read("served", 0, 0) for one in batch]

    def rebuilding(self, folder: Path, bases: bool = True, open_log: Callable[[], Any] | None = None) -> Rebuilding:
        place = Place(
            folder=folder,
            open_log=open_log or (lambda: self.log),
            names=names_of(TOPICS.name),
            builder=BuilderHere(),
            facets=FACETS,
            pacing=SMALL,
            digest_every=EVERY,
            now_ms=lambda: NOW_MS,
        )
        found = list(in_folders(self.folder, 1, CLUSTER)) if bases else []
        return Rebuilding(found, CLUSTER, 1, place)


def shop_of(tier: Tier, folder: Path) -> Shop:
    live = LiveShard(folder, tier.log)
    shards: Any = LiveShards(live)
    return Shop(tier, replace(tier.wiring, shards=shards), live, tier.log, folder)


def tier() -> Tier:
    return Tier(
        [[FakeShard()]], encoding=TextEncoding(), served_full_share=1.0, served_queue_max=5_000, facets=list(SHOWN)
    )
