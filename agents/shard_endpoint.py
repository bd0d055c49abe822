"""The shard process over HTTP: searches, single SKUs, when an event became searchable, and its state."""

import asyncio
import base64
import os
import time
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

import orjson
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agents.draining import Draining
from agents.health import Health
from agents.search_threads import SearchThreads
from agents.shard import Kept, ShardAgent
from agents.shard_buckets import BucketsEndpoint
from agents.shard_product import product
from agents.shard_question import question_of, vector_of
from agents.shard_search import Question, answer_all, settled
from agents.shard_structure import structure
from agents.shard_where import where
from agents.short_searches import ShortSearches
from agents.traced_questions import traced_questions
from agents.words_floor import reached
from index_snapshots.catalogue_values import catalogue_values
from index_snapshots.orders import pack
from index_snapshots.protocol import View
from index_snapshots.times import Times
from index_snapshots.view import ShardView
from schemas.errors import InvalidRequest, Overloaded, Unavailable
from schemas.records import Order, OrderField
from schemas.shard_messages import HitsQuery, ShardQuery, VectorsAnswer, VectorsQuery, WordsQuery
from schemas.suggest import SuggestQuery
from schemas.tracing import NOT_TRACED, Tracer
from schemas.versions import VersionAnswer
from schemas.whereabouts import WhereQuery

M = TypeVar("M", bound=BaseModel)
CURRENCIES_MAX = 50
"""Currencies of prices that a shard tells of; a shop with more has its first ones told."""
SEEN_MAX = 200
"""Events asked after in one request: each costs the event loop a look-up."""


class AskedEvent(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    sku: str
    order: OrderField


class SeenRequest(BaseModel):
    """`POST /seen`: which events of which SKUs."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    partition: int
    events: Annotated[list[AskedEvent], Field(max_length=SEEN_MAX)]


class ShardEndpoint:
    """Short searches run in the event loop, others in threads, one per core; each on the view that is newest then."""

    def __init__(
        self, agent: ShardAgent, scrub_soon: Callable[[], None] = lambda: None, draining: Draining | None = None
    ) -> None:
        """`scrub_soon` asks for a scrub of all shards."""
        self._draining = draining or Draining()
        self._agent = agent
        self._scrub_soon = scrub_soon
        self._buckets = BucketsEndpoint(self._kept)
        self._searches: SearchThreads[Question, bytes] = SearchThreads(self._answer_all, os.cpu_count() or 1)
        self._short = ShortSearches()

    def app(self, health: Health, tracer: Tracer = NOT_TRACED) -> web.Application:
        app = web.Application(middlewares=[*traced_questions(tracer), _errors])
        app.router.add_post("/search", self.search)
        app.router.add_post("/words", self.words)
        app.router.add_post("/suggest", self.suggest)
        app.router.add_post("/hits", self.hits)
        app.router.add_get("/skus/{sku}", self.sku)
        app.router.add_post("/vectors", self.vectors)
        app.router.add_get("/vocabulary", self.vocabulary)
        app.router.add_post("/where", self.where)
        app.router.add_get("/version", self.version)
        app.router.add_post("/seen", self.seen)
        app.router.add_get("/state", self.state)
        app.router.add_get("/buckets", self._buckets.buckets)
        app.router.add_post("/scrub", self.scrub)
        health.add_to(app)
        return app

    async def search(self, request: web.Request) -> web.Response:
        self._draining.asked()
        query = await _read(request, ShardQuery)
        kept = self._kept(query.partition)
        question = question_of(kept, query, time.monotonic() + query.budget_ms / 1000)
        if not (question.plain and self._short.short):
            return _json(await self._searches.ask(question))
        self._short.begin()
        (body,) = self._answer_all([question])
        if isinstance(body, Exception):
            raise body
        return _json(body)

    def _answer_all(self, questions: Sequence[Question]) -> Sequence[bytes | Exception]:
        """In the loop or in a thread; learns how long plain searches take."""
        began_s = time.thread_time()
        answers = answer_all(questions, self._agent.state)
        if all(question.plain for question in questions):
            self._short.took((time.thread_time() - began_s) / len(questions))
        return answers

    async def words(self, request: web.Request) -> web.Response:
        self._draining.asked()
        query = await _read(request, WordsQuery)
        kept, deadline_s = self._kept(query.partition), time.monotonic() + query.budget_ms / 1000
        await reached(kept.words, query.documents, query.budget_ms / 1000)
        return _json(await self._searches.ask(Question(kept, query, None, None, deadline_s)))

    async def suggest(self, request: web.Request) -> web.Response:
        self._draining.asked()
        query = await _read(request, SuggestQuery)
        deadline_s = time.monotonic() + query.budget_ms / 1000
        return _json(await self._searches.ask(Question(self._kept(query.partition), query, None, None, deadline_s)))

    async def hits(self, request: web.Request) -> web.Response:
        """The few that another shard's candidates left without a body."""
        asked = await _read(request, HitsQuery)
        view = self._kept(asked.partition).shard.view
        found = [view.found(sku) for sku in asked.skus]
        parts = view.hit_parts([one for one in found if one is not None])
        return _json(
            orjson.dumps({"hits": parts, "state": self._agent.state(asked.partition, view.offsets).model_dump()})
        )

    async def sku(self, request: web.Request) -> web.Response:
        self._draining.asked()
        partition = _partition(request)
        view = self._kept(partition).shard.view
        body = {
            **product(view, request.match_info["sku"], request.query.get("filters")),
            "state": self._agent.state(partition, view.offsets).model_dump(),
        }
        return _json(orjson.dumps(body))

    async def vocabulary(self, request: web.Request) -> web.Response:
        """What products are called, counted anew."""
        partition = _partition(request)
        view = self._kept(partition).shard.view
        values = await asyncio.to_thread(catalogue_values, view)
        state = self._agent.state(partition, view.offsets)
        return _json(orjson.dumps({**values.model_dump(), "state": state.model_dump()}))

    async def where(self, request: web.Request) -> web.Response:
        """One product beside a query, for who asks why; in a thread, since it looks deep."""
        asked = await _read(request, WhereQuery)
        kept = self._kept(asked.partition)
        vector = vector_of(asked.vector, kept.origin.dim)
        offsets, answer = await asyncio.to_thread(where, kept, asked, vector)
        state = self._agent.state(asked.partition, offsets)
        return _json(orjson.dumps({**answer, "state": state.model_dump()}))

    async def version(self, request: web.Request) -> web.Response:
        """From what would be answered now."""
        self._draining.asked()
        partition = _partition(request)
        kept = self._kept(partition)
        offsets = kept.shard.view.offsets
        answer = VersionAnswer(settled=settled(kept, offsets), state=self._agent.state(partition, offsets))
        return _json(orjson.dumps(answer.model_dump()))

    async def vectors(self, request: web.Request) -> web.Response:
        asked = await _read(request, VectorsQuery)
        kept = self._kept(asked.partition)
        if kept.damaged:  # at once: who asks may learn of it a second later, and a session can do without
            raise Unavailable("the last scrub found this shard damaged")
        view = kept.shard.view
        found = ((sku, view.vector(sku)) for sku in asked.skus)
        answer = VectorsAnswer(
            encoder=view.identity.encoder,
            vectors={sku: base64.b64encode(fp16).decode() for sku, fp16 in found if fp16 is not None},
            state=self._agent.state(asked.partition, view.offsets),
        )
        return _json(orjson.dumps(answer.model_dump()))

    async def seen(self, request: web.Request) -> web.Response:
        self._draining.asked()
        asked = await _read(request, SeenRequest)
        shard = self._kept(asked.partition).shard
        view = shard.view
        body = {
            "seen": [_seen(event, view, shard.times) for event in asked.events],
            "state": self._agent.state(asked.partition, view.offsets).model_dump(),
        }
        return _json(orjson.dumps(body))

    async def state(self, request: web.Request) -> web.Response:
        return _json(orjson.dumps({"shards": [self._state(partition) for partition in self._agent.kept]}))

    async def scrub(self, request: web.Request) -> web.Response:
        """Returns at once; `GET /state` tells what is found."""
        self._scrub_soon()
        return web.Response(status=202)

    def _state(self, partition: int) -> dict[str, Any]:
        kept = self._agent.kept[partition]
        view = kept.shard.view
        return {
            "state": self._agent.state(partition, view.offsets).model_dump(),
            **self._agent.counts(partition),
            "documents_lag": kept.lags["documents"],
            "offers_lag": kept.lags["offers"],
            "ready": self._agent.caught_up and not self._draining.began,
            "encoder": view.identity.encoder,
            "dim": view.identity.dim,
            "currencies": currencies(view),
            "digest_documents": view.digest_documents,
            "digest_offers": view.digest_offers,
            "checkpoints": kept.checkpoints.kept.model_dump(),
            "live_from": kept.live_from._asdict() if kept.live_from else None,
            "scrub": kept.scrubbed.model_dump() if kept.scrubbed else None,
            "in_store": kept.in_store.model_dump() if kept.in_store else None,
            "structure": structure(kept.shard),
            "applied_records": kept.applied,
        }

    def _kept(self, partition: int) -> Kept:
        if not self._agent.caught_up:
            raise Unavailable("the shard is still catching up with the log")  # an old answer would look like a good one
        kept = self._agent.kept.get(partition)
        if kept is None:
            raise InvalidRequest("unknown_partition", f"partition {partition} is not served here")
        return kept


@web.middleware
async def _errors(request: web.Request, handler: Any) -> web.StreamResponse:
    try:
        response: web.StreamResponse = await handler(request)
        return response
    except InvalidRequest as error:
        return web.json_response({"code": error.code, "message": error.message}, status=400)
    except Overloaded as error:
        return web.json_response({"code": "over_budget", "message": error.message}, status=503)
    except Unavailable as error:
        return web.json_response({"code": "not_ready", "message": error.message}, status=503)


async def _read(request: web.Request, model: type[M]) -> M:
    try:
        return model.model_validate(orjson.loads(await request.read()))
    except (orjson.JSONDecodeError, ValidationError) as error:
        raise InvalidRequest("bad_request", str(error)[:500]) from error


def _seen(asked: AskedEvent, view: View, times: Times) -> dict[str, Any]:
    """What the view knows of an event and its product."""
    found, order = view.lookup(asked.sku), _packed(asked.order)
    document, offer = times.of("documents", order), times.of("offers", order)
    hit = found.hit
    return {
        "content_order": found.content_order and list(found.content_order),
        "offer_order": found.offer_order and list(found.offer_order),
        "live_since": found.live_since and list(found.live_since),
        "embedded_ms": document.written_ms if document else None,
        "content_searchable_ms": document.searchable_ms if document else None,
        "offer_searchable_ms": offer.searchable_ms if offer else None,
        "title": hit.content.title if hit else None,
        "offer": hit.offer.model_dump() if hit and hit.offer else None,
    }


def currencies(view: ShardView) -> list[str]:
    """In which there are, or were, prices: the first CURRENCIES_MAX."""
    return view.words.currencies.words[:CURRENCIES_MAX]


def _packed(order: Order) -> int:
    try:
        return pack(order)
    except ValueError as error:
        raise InvalidRequest("bad_order", str(error)) from error


def _partition(request: web.Request) -> int:
    asked = request.query.get("partition", "")
    if not asked.isdigit():
        raise InvalidRequest("bad_partition", "say which partition: ?partition=N")
    return int(asked)


def _json(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json")
