"""Small stand-ins for what the query tier talks to: shards over real HTTP, the log in memory, an encoder."""

import asyncio
import itertools
import random
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from schemas.hits import Hit, ShardState
from schemas.metrics import Metrics
from schemas.records import Content, Offer, Order, Outcome, Price
from schemas.settings import ServingSettings
from schemas.tracing import NOT_TRACED, Tracer
from serving.adaptive_gate import AdaptiveGate
from serving.addresses import Addresses
from serving.answer_cache import AnswerCache
from serving.app import create_app
from serving.changes import ChangeWatch
from serving.door import CATALOG, CLICKS, Door
from serving.feed import Feed
from serving.fresh_sample import FreshSample
from serving.freshness import FreshnessMeter
from serving.gate import Gate
from serving.history import History
from serving.incident.beside import Beside
from serving.keys.audit import Audit
from serving.keys.opening import open_access
from serving.letters.resubmit import LetterTopics, Resubmitting
from serving.outcomes import OutcomeCache
from serving.parts import Wiring
from serving.processes import ProcessWatch
from serving.query_vectors import QueryVectors, fp16_text
from serving.ranking.popular import Popular
from serving.ranking.ranking import Ranking
from serving.read_floor import ReadFloor
from serving.router import Router
from serving.routes.search import SEARCHES_MAX, SLOW_SHARE
from serving.routes.suggest import SUGGESTS_MAX
from serving.served import ServedLog
from serving.shard_http import ShardHttp
from serving.shard_watch import ShardWatch
from serving.shards import Shards
from serving.spelling.spelling import Spelling
from serving.stuck.stuck import StuckProducts
from serving.suggest.popular import PopularQueries
from serving.synonyms.synonyms import Synonyms
from serving.tastes import Tastes
from serving.vocabulary_watch import VocabularyWatch
from streams.item_vectors import ItemMemory
from streams.memory import MemoryLog
from streams.memory_popularity import MemoryPopularity
from streams.memory_sessions import MemorySessions
from streams.sessions import Sessions

ENCODER = "fake-4"


def state(partition: int = 0, replica: int = 0, documents: int = 10, offers: int = 10) -> ShardState:
    return ShardState(
        partition=partition, replica=replica, lineage="l", documents_offset=documents, offers_offset=offers
    )


def hit(sku: str, score: float | None = 0.5, offset: int = 1, title: str = "A lamp") -> Hit:
    return Hit(
        sku=sku,
        score=score,
        content=Content(title=title, brand="Lumen"),
        offer=Offer(price=Price(amount=9.5, currency="EUR"), stock=3),
        in_stock=True,
        content_order=Order(1, offset),
        offer_order=Order(1, offset),
    )


@dataclass
class FakeShard:
    """One shard process with one partition; `behave` may delay, fail or garble its searches."""

    state: ShardState = field(default_factory=state)
    hits: list[Hit] = field(default_factory=list)
    skus: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)
    """What it says of every event."""
    asked_seen: list[int] = field(default_factory=list)
    vectors: dict[str, list[float]] = field(default_factory=dict)
    affinities: dict[str, float] = field(default_factory=dict)
    words: dict[str, float] = field(default_factory=dict)
    """Scores of what it finds by words, whatever is asked."""
    words_say: dict[str, Any] = field(default_factory=dict)
    """Further fields of its answer by words."""
    behave_words: Callable[[], Any] | None = None
    asked_words: list[dict[str, Any]] = field(default_factory=list)
    suggestions: dict[str, Any] = field(default_factory=dict)
    behave_suggest: Callable[[], Any] | None = None
    asked_suggestions: list[dict[str, Any]] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    facets: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What it counts, by field."""
    groups: dict[str, str] = field(default_factory=dict)
    """By SKU."""
    counts: bool = True
    """Whether it can."""
    asked_hits: list[list[str]] = field(default_factory=list)
    asked_vectors: list[list[str]] = field(default_factory=list)
    currencies: list[str] = field(default_factory=list)
    vocabulary: dict[str, Any] = field(default_factory=dict)
    where: dict[str, Any] = field(default_factory=lambda: {"live": "unknown"})
    asked_where: list[dict[str, Any]] = field(default_factory=list)
    settled: bool = True
    """Whether its words hold all that its state does."""
    asked_versions: int = 0
    passing: dict[str, int] = field(default_factory=dict)
    """How many of the wanted filters a product passes, by SKU."""
    ready: bool = True
    digest: str = ""
    """Of its documents."""
    scrub: dict[str, Any] | None = None
    encoder: str = ENCODER
    behave: Callable[[], Any] | None = None
    queries: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/search", self._search)
        app.router.add_post("/words", self._words)
        app.router.add_post("/suggest", self._suggest)
        app.router.add_post("/hits", self._hits)
        app.router.add_get("/skus/{sku}", self._sku)
        app.router.add_post("/vectors", self._vectors)
        app.router.add_get("/vocabulary", self._vocabulary)
        app.router.add_post("/where", self._where)
        app.router.add_get("/version", self._version)
        app.router.add_post("/seen", self._seen)
        app.router.add_get("/state", self._state)
        return app

    async def _search(self, request: web.Request) -> web.Response:
        query = await request.json()
        self.queries.append(query)
        if self.behave is not None:
            response: web.Response | None = await self.behave()
            if response is not None:
                return response
        ranked = self.hits
        if query["taste"] and query["vector"]:
            ranked = [item.model_copy(update={"affinity": self.affinities.get(item.sku, 0.0)}) for item in ranked]
        hits = [item.model_dump(mode="json") for item in ranked[: query["limit"]]]
        near = _near(ranked[: query["depth"]]) if query["vector"] else None
        other_near = near and {**near, "skus": near["skus"][::-1]} if query["other_vector"] else None
        drawn = {sku: self.affinities.get(sku, 0.0) for sku in query["words"]} if query["taste"] else {}
        answer = {"hits": hits, "matching": len(self.hits), "near": near, "gone": self.gone, "word_affinities": drawn}
        answer["other_near"] = other_near
        answer["traits"] = {**_traits(self.hits), "wanted": [self.passing.get(item.sku, 0) for item in self.hits]}
        if query["group_by"]:
            answer["groups"] = self.groups
        if query["counting"] and self.counts:
            answer["counted"] = {"matching": len(self.hits), "facets": self.facets}
        return web.json_response({**answer, "state": self.state.model_dump()})

    async def _words(self, request: web.Request) -> web.Response:
        self.asked_words.append(await request.json())
        if self.behave_words is not None:
            response: web.Response | None = await self.behave_words()
            if response is not None:
                return response
        found = {"skus": list(self.words), "scores": list(self.words.values()), "cover": 1.0 if self.words else 0.0}
        found |= {"holding": len(self.words), "rarities": {"lamp": 1.0} if self.words else {}}
        found["settled"] = self.settled
        return web.json_response({**found, **self.words_say, "state": self.state.model_dump()})

    async def _suggest(self, request: web.Request) -> web.Response:
        self.asked_suggestions.append(await request.json())
        if self.behave_suggest is not None:
            response: web.Response | None = await self.behave_suggest()
            if response is not None:
                return response
        return web.json_response({**self.suggestions, "state": self.state.model_dump()})

    async def _hits(self, request: web.Request) -> web.Response:
        asked = (await request.json())["skus"]
        self.asked_hits.append(asked)
        hits = [item.model_dump(mode="json") for item in self.hits if item.sku in asked]
        return web.json_response({"hits": hits, "state": self.state.model_dump()})

    async def _sku(self, request: web.Request) -> web.Response:
        known = self.skus.get(request.match_info["sku"], {"hit": None, "deleted": False, "waiting": None})
        return web.json_response({**known, "state": self.state.model_dump()})

    async def _vocabulary(self, request: web.Request) -> web.Response:
        return web.json_response({**self.vocabulary, "state": self.state.model_dump()})

    async def _where(self, request: web.Request) -> web.Response:
        self.asked_where.append(await request.json())
        return web.json_response({**self.where, "state": self.state.model_dump()})

    async def _version(self, request: web.Request) -> web.Response:
        self.asked_versions += 1
        return web.json_response({"settled": self.settled, "state": self.state.model_dump()})

    async def _vectors(self, request: web.Request) -> web.Response:
        asked = (await request.json())["skus"]
        self.asked_vectors.append(asked)
        if self.behave is not None:
            response: web.Response | None = await self.behave()
            if response is not None:
                return response
        found = {sku: fp16_text(np.array(self.vectors[sku], np.float32)) for sku in asked if sku in self.vectors}
        return web.json_response({"encoder": self.encoder, "vectors": found, "state": self.state.model_dump()})

    async def _seen(self, request: web.Request) -> web.Response:
        times = {"content_order": None, "offer_order": None, "embedded_ms": None}
        times |= {"content_searchable_ms": None, "offer_searchable_ms": None}
        asked = (await request.json())["events"]
        self.asked_seen.append(len(asked))
        return web.json_response({"seen": [{**times, **self.seen} for _ in asked], "state": self.state.model_dump()})

    async def _state(self, request: web.Request) -> web.Response:
        row = {"state": self.state.model_dump(), "rows": 3, "visible": 2, "held_offers": 0, "documents_lag": 0}
        row |= {"offers_lag": 0, "ready": self.ready, "encoder": self.encoder, "dim": 4}
        row["currencies"] = self.currencies
        row |= {"digest_documents": self.digest, "digest_offers": "", "applied_records": 5, "scrub": self.scrub}
        return web.json_response({"shards": [row]})


def _near(hits: list[Hit]) -> dict[str, Any]:
    return {
        "skus": [item.sku for item in hits],
        "scores": [item.score or 0.0 for item in hits],
        "affinities": [item.affinity for item in hits],
        "fits": [item.fit for item in hits],
    }


def _traits(hits: list[Hit]) -> dict[str, Any]:
    prices = [item.offer.price if item.offer else None for item in hits]
    return {
        "skus": [item.sku for item in hits],
        "in_stock": [item.in_stock for item in hits],
        "prices": [price and price.amount for price in prices],
        "currencies": [price and price.currency for price in prices],
        "live_since": [list(item.offer_order) if item.offer_order else None for item in hits],
        "categories": [place if item.content.category else None for place, item in enumerate(hits)],
        "paths": [item.content.category or [] for item in hits],
    }


class FakeEncoding:
    """Gives (1, 0, 0, 0) for everything, or raises, or takes long."""

    def __init__(self, error: Exception | None = None, delay: asyncio.Event | None = None) -> None:
        self.error = error
        self.delay = delay
        self.texts: list[str] = []

    async def encode(self, text: str, deadline_s: float) -> Any:
        self.texts.append(text)
        if self.delay is not None:
            await self.delay.wait()
        if self.error is not None:
            raise self.error
        return np.array([1, 0, 0, 1 / 3], np.float32)


class PlainCache:
    def __init__(self) -> None:
        self._vectors: dict[tuple[str, str], Any] = {}

    def get(self, encoder_id: str, text: str) -> Any:
        return self._vectors.get((encoder_id, text))

    def put(self, encoder_id: str, text: str, vector: Any) -> None:
        self._vectors[(encoder_id, text)] = vector


class NoHints:
    up = False

    async def read(self) -> dict[tuple[int, int], ShardState]:
        return {}


class FakeReader(MemoryLog):
    """The log of a test with begin offsets and committed offsets that can be set."""

    def __init__(self, partitions: int = 1) -> None:
        super().__init__(partitions)
        self.begins: dict[tuple[str, int], int] = {}
        self.commits: dict[str, int] = {}
        self.reads = 0
        self.read_topics: list[str] = []

    def begin_end(self, topic: str, partition: int) -> tuple[int, int]:
        return self.begins.get((topic, partition), 0), super().begin_end(topic, partition)[1]

    def read(self, topic: str, *args: Any, **kwargs: Any) -> Any:
        self.reads += 1
        self.read_topics.append(topic)
        return super().read(topic, *args, **kwargs)

    def committed(self, group: str, topic: str, partitions: list[int]) -> dict[int, int]:
        return dict.fromkeys(partitions, self.commits.get(topic, -1))


class Lines:
    """A log that keeps its lines."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, Mapping[str, Any]]] = []

    def info(self, event: str, **facts: Any) -> None:
        self.lines.append(("info", event, facts))

    def warning(self, event: str, **facts: Any) -> None:
        self.lines.append(("warning", event, facts))

    def error(self, event: str, **facts: Any) -> None:
        self.lines.append(("error", event, facts))


class Clock:
    """Seconds that only move when told."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def outcome(event_id: str, kind: str = "indexed", **more: Any) -> Outcome:
    given = {"event_id": event_id, "sku": "a", "outcome": kind, "received_ms": 1_000, "content_changed": True}
    return Outcome.model_validate(given | more)


FAKE_REPLAY = """
import json, pathlib, sys, time
asked = json.loads(sys.argv[1])
if asked["do"] == "bundle":
    path = pathlib.Path(asked["folder"]) / "incident.tar.gz"
    path.write_bytes(b"packed")
    said = {"file": path.name, "file_bytes": 6}
elif asked["answer"]["request_id"] == "slow":
    print("started", file=sys.stderr, flush=True)
    time.sleep(600)
elif asked["answer"]["request_id"] == "unknown":
    said = {"error": {"code": "no_answer", "message": "there is none", "hint": "look"}}
elif asked["answer"]["request_id"] == "broken":
    sys.exit("it broke")
else:
    said = {
        "request_id": asked["answer"]["request_id"], "text": "lamp", "at_ms": 1, "verdict": "different", "why": "",
        "differences": [{"at": f"hit {nth}", "then": nth, "now": asked["set"]} for nth in range(1, 31)],
        "skus_then": ["a"], "skus_now": ["b"], "rebuilt": [], "sku": None, "took_ms": 1.0,
    }
print(json.dumps(said))
"""
"""What stands for `freshet.replay_beside`: the id that is asked for says what becomes of it."""


class Tier:
    """A query tier on real HTTP with fake parts. Use it as an async context manager."""

    def __init__(
        self,
        replicas: Iterable[Iterable[FakeShard]] | None = None,
        *,
        log: FakeReader | None = None,
        encoding: FakeEncoding | None = None,
        producer: Any = None,
        clock: Any = None,
        hints: Any = None,
        sessions: Sessions | None = None,
        popularity: MemoryPopularity | None = None,
        served_queue_max: int = 100,
        tracer: Tracer = NOT_TRACED,
        **settings: Any,
    ) -> None:
        self.replicas = [list(group) for group in replicas] if replicas is not None else [[FakeShard()]]
        self.log = log or FakeReader(len(self.replicas))
        self.encoding = encoding or FakeEncoding()
        self.producer = producer or self.log
        self.lines = Lines()
        self.metrics = Metrics()
        self.clock = clock
        self.tracer = tracer
        self.hints = hints or NoHints()
        self.sessions = sessions
        self.popularity = popularity
        self.served_queue_max = served_queue_max
        self.synonyms = Synonyms()
        self._folder = tempfile.TemporaryDirectory()
        plain: dict[str, Any] = {"partitions": len(self.replicas), "search_budget_ms": 5_000, "answer_cache_mb": 0.0}
        plain["data"] = Path(self._folder.name)
        # Else which replica is asked, and how often, hangs on how fast the machine is.
        plain["hedge_share"] = 0.0
        self.settings = plain | settings
        self._ids = (f"r{number}" for number in itertools.count())
        self._servers: list[TestServer] = []
        self.shard_servers: list[TestServer] = []

    async def __aenter__(self) -> "Tier":
        for shard in itertools.chain(*self.replicas):
            server = TestServer(shard.app())
            await server.start_server()
            self._servers.append(server)
            self.shard_servers.append(server)
            shard.url = str(server.make_url("")).rstrip("/")
        self.wiring = self._wire()
        await self.wiring.watch.refresh(self.wiring.shards, self.hints, self.lines)
        self.lines.lines.clear()
        server = TestServer(create_app(self.wiring))
        await server.start_server(auto_decompress=False)
        self._servers.append(server)
        self.client = TestClient(server)
        return self

    async def __aexit__(self, *error: object) -> None:
        self.wiring.history.close()
        await self.wiring.tastes.close()
        await self.client.close()
        await self._session.close()
        for server in self._servers:
            await server.close()
        self._folder.cleanup()

    def _wire(self) -> Wiring:
        clock = self.clock or asyncio.get_running_loop().time
        self._session = aiohttp.ClientSession()
        settings = ServingSettings.model_validate(self.settings)
        watch, metrics = ShardWatch(), self.metrics
        addresses = Addresses([[shard.url for shard in group] for group in self.replicas])
        router = Router(addresses, metrics, clock, random.Random(7), settings.hedge_share)
        shards = Shards(router, ShardHttp(self._session), clock)
        vectors = QueryVectors(PlainCache(), metrics, clock, watch.encoders)
        vectors.give(ENCODER, self.encoding)
        self.sessions = self.sessions or MemorySessions(clock)
        items = ItemMemory(shards.vectors, settings.partitions, metrics, clock)
        tastes = Tastes(self.sessions, items, metrics, settings.personalise_strength, lambda: vectors.encoder_id)
        outcomes = OutcomeCache(clock)
        history, sample, feed = History(lambda: self.log), FreshSample(clock), Feed("run", metrics)
        self.popularity = self.popularity or MemoryPopularity()
        popular = Popular(self.popularity, settings.partitions, lambda: 1_700_000_000_000, metrics)
        ranking = Ranking(settings, popular, history, lambda: 1_700_000_000_000, "catalog")
        served = ServedLog(self.producer, "served", settings.served_full_share, metrics, self.served_queue_max)
        door = Door(CATALOG, self.producer, "catalog", settings.generation, metrics)
        letter_topics = LetterTopics(settings.generation, settings.partitions, settings.tenant_attribute)
        return Wiring(
            settings=settings,
            metrics=metrics,
            log=self.lines,
            clock=clock,
            wall_ms=lambda: 1_700_000_000_000,
            new_request_id=lambda: next(self._ids),
            access=open_access(settings, metrics, clock, lambda: 1_700_000_000_000),
            audit=Audit(settings.data, lambda: 1_700_000_000_000),
            door=door,
            clicks=Door(CLICKS, self.producer, "clicks", settings.generation, metrics),
            searching=AdaptiveGate("searches", SEARCHES_MAX, settings.search_budget_ms / 1000 * SLOW_SHARE, clock),
            shards=shards,
            reading=ReadFloor(shards, outcomes, settings.generation, metrics, clock),
            watch=watch,
            hints=self.hints,
            vectors=vectors,
            spelling=Spelling(vectors),
            synonyms=self.synonyms,
            sessions=self.sessions,
            tastes=tastes,
            ranking=ranking,
            vocabulary=VocabularyWatch(shards, clock),
            cache=AnswerCache(int(settings.answer_cache_mb * 1e6), metrics, clock, ask_timeout_s=30.0),
            served=served,
            outcomes=outcomes,
            history=history,
            ledger=history,
            past=history,
            resubmitting=Resubmitting(history, door, letter_topics),
            stuck=StuckProducts(history, shards, settings.generation, settings.partitions, clock),
            beside=Beside(settings, (sys.executable, "-c", FAKE_REPLAY)),
            freshness=FreshnessMeter(
                history, settings.partitions, outcomes, sample, watch.states, settings.generation, clock
            ),
            changes=ChangeWatch(outcomes, shards, sample, feed.change, clock),
            processes=ProcessWatch(["serving"], lambda: 1_700_000_000_000, lambda: None),
            feed=feed,
            suggesting=Gate("suggestions", SUGGESTS_MAX),
            popular=PopularQueries(settings.suggest_askers),
            version="0.0.0",
            tracer=self.tracer,
        )

    async def search(self, **body: Any) -> dict[str, Any]:
        response = await self.client.post("/v1/search", json=body)
        assert response.status == 200, await response.text()
        found: dict[str, Any] = await response.json()
        return found

    async def unanswered(self, **body: Any) -> list[str]:
        """What is left out of a search that no shard answers."""
        response = await self.client.post("/v1/search", json=body)
        assert response.status == 503, await response.text()
        degraded: list[str] = (await response.json())["degraded"]
        return degraded

    def counted(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(name, labels) or 0.0
