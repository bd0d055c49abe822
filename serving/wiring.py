"""Builds the real query tier: the only place that knows what is connected to what."""

import asyncio
import random
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from importlib.metadata import version

import aiohttp

from encoders.bundle import load, model_folder
from encoders.choose import choose_engine
from encoders.lanes import Lanes
from encoders.text_encoder import TextEncoder
from encoders.vector_cache import VectorCache
from schemas.metrics import Metrics
from schemas.replicas import parse_replicas
from schemas.settings import ServingSettings, refuse_open_door
from schemas.topics import topic_name
from schemas.tracing import Tracer
from serving.adaptive_gate import AdaptiveGate
from serving.addresses import RESOLVE_EVERY_S, Addresses
from serving.answer_cache import AnswerCache
from serving.background import repeating
from serving.door import CATALOG, CLICKS, Door, Kind
from serving.examining import Examiner
from serving.fresh_sample import FreshSample
from serving.freshness import FreshnessMeter
from serving.gate import Gate
from serving.history import History
from serving.incident.beside import Beside
from serving.incident.reading import AHEAD_BYTES
from serving.keys.audit import Audit
from serving.keys.key_watch import LOOK_EVERY_S as KEYS_EVERY_S
from serving.keys.opening import open_access, watched_keys
from serving.letters.resubmit import LetterTopics, Resubmitting
from serving.live import build_live, wall_ms
from serving.logs import Log
from serving.outcome_tail import OpenTail, following
from serving.outcomes import OutcomeCache
from serving.parts import Wiring
from serving.query_vectors import QueryVectors
from serving.ranking.popular import REFRESH_EVERY_S, Popular
from serving.ranking.ranking import CALENDAR_EVERY_S, Ranking
from serving.read_floor import ReadFloor
from serving.readiness import readiness
from serving.router import Router
from serving.routes.search import SEARCHES_MAX, SLOW_SHARE
from serving.routes.suggest import SUGGESTS_MAX
from serving.served import DRAIN_EVERY_S, ServedLog
from serving.shard_http import ShardHttp
from serving.shard_watch import WATCH_EVERY_S, ShardWatch
from serving.shards import Shards
from serving.spelling.spelling import Spelling
from serving.stuck.stuck import StuckProducts
from serving.suggest.popular import RECORDS_MAX, PopularQueries
from serving.synonyms.synonyms import LOOK_EVERY_S, SynonymFile, Synonyms
from serving.tastes import PROBE_EVERY_S, Tastes
from serving.vocabulary_watch import ASK_EVERY_S, VocabularyWatch
from serving.watchdog import tick
from streams.collector import leave_alone
from streams.item_vectors import ItemMemory
from streams.producer import Producer
from streams.reader import Reader, Tail
from streams.redis_hints import ReplicaHints
from streams.redis_popularity import RedisPopularity
from streams.redis_sessions import RedisSessions
from streams.tracers import open_tracer

FRESHNESS_EVERY_S = 3.0
"""How often the lags are read when nobody asks: keeps /readyz and the sample of fresh events alive."""
ENCODER_RETRY_S = 5.0
CONNECTIONS_MAX = 256


async def build(settings: ServingSettings, log: Log) -> Wiring:
    """Call it inside the running loop. Connects to nothing yet. Raises SettingsError."""
    refuse_open_door(settings.host, settings.admin_key)
    addresses = Addresses(parse_replicas(settings.shards, settings.partitions))
    metrics, clock = Metrics(), time.monotonic
    access = open_access(settings, metrics, clock, wall_ms)
    keys = watched_keys(settings, access, metrics, log)
    tracer = open_tracer(settings.tracing, "serving")
    producer = Producer(settings.kafka, loop=asyncio.get_running_loop())
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX), trust_env=False)
    hints = ReplicaHints(settings.redis_url)
    watch = ShardWatch(Examiner(session))
    router = Router(addresses, metrics, clock, random.Random(), settings.hedge_share)
    shards = Shards(router, ShardHttp(session), clock)
    searching = AdaptiveGate("searches", SEARCHES_MAX, settings.search_budget_ms / 1000 * SLOW_SHARE, clock)
    vectors = QueryVectors(VectorCache(), metrics, clock, watch.encoders)
    spelling, synonyms = Spelling(vectors), Synonyms()
    sessions = RedisSessions(settings.redis_url, settings.generation)
    items = ItemMemory(shards.vectors, settings.partitions, metrics, clock)
    tastes = Tastes(sessions, items, metrics, settings.personalise_strength, lambda: vectors.encoder_id)
    outcomes = OutcomeCache(clock, settings.outcomes_kept)
    popular = PopularQueries(settings.suggest_askers)
    history, lag_history, ledger = (History(lambda: Reader(settings.kafka)) for _ in range(3))
    past = History(lambda: Reader(settings.kafka, AHEAD_BYTES))
    sample = FreshSample(clock)
    freshness = FreshnessMeter(
        lag_history, settings.partitions, outcomes, sample, watch.states, settings.generation, clock
    )
    ready = partial(readiness, shards, watch, vectors, freshness)
    live = build_live(settings, shards, watch, outcomes, freshness, sample, hints, ready, metrics, session, log)
    counts = RedisPopularity(settings.redis_url, settings.generation)
    liked = Popular(counts, settings.partitions, wall_ms, metrics)
    ranking = Ranking(settings, liked, lag_history, wall_ms, topic_name("catalog", settings.generation))
    vocabulary = VocabularyWatch(shards, clock)
    served = ServedLog(producer, topic_name("served", settings.generation), settings.served_full_share, metrics)
    door = open_door(CATALOG, "catalog", producer, settings, metrics)
    letter_topics = LetterTopics(settings.generation, settings.partitions, settings.tenant_attribute)
    return Wiring(
        settings=settings,
        metrics=metrics,
        log=log,
        clock=clock,
        wall_ms=wall_ms,
        new_request_id=lambda: uuid.uuid4().hex,
        access=access,
        audit=Audit(settings.data, wall_ms),
        door=door,
        clicks=open_door(CLICKS, "clicks", producer, settings, metrics),
        searching=searching,
        shards=shards,
        reading=ReadFloor(shards, outcomes, settings.generation, metrics, clock),
        watch=watch,
        hints=hints,
        vectors=vectors,
        spelling=spelling,
        synonyms=synonyms,
        sessions=sessions,
        tastes=tastes,
        ranking=ranking,
        vocabulary=vocabulary,
        cache=AnswerCache(int(settings.answer_cache_mb * 1e6), metrics, clock),
        served=served,
        outcomes=outcomes,
        history=history,
        ledger=ledger,
        past=past,
        resubmitting=Resubmitting(ledger, door, letter_topics),
        stuck=StuckProducts(ledger, shards, settings.generation, settings.partitions, clock),
        beside=Beside(settings),
        freshness=freshness,
        changes=live.changes,
        processes=live.processes,
        feed=live.feed,
        suggesting=Gate("suggestions", SUGGESTS_MAX),
        popular=popular,
        version=version("freshet"),
        tracer=tracer,
        background=(
            lambda: connections(producer, session, hints, (history, lag_history, ledger, past), tracer),
            lambda: repeating("keys", keys.look, KEYS_EVERY_S, log),
            lambda: looking_up(sessions, tastes, log),
            lambda: ranking_by(counts, ranking, log),
            lambda: repeating("vocabulary", vocabulary.refresh, ASK_EVERY_S, log),
            lambda: sending(served, log),
            lambda: repeating("watchdog", lambda: tick(clock, metrics, log, searching.loop_was), 0.0, log),
            lambda: resolving(addresses, log),
            lambda: repeating("shards", lambda: watch.refresh(shards, hints, log), WATCH_EVERY_S, log),
            lambda: repeating("freshness", lambda: measured(freshness), FRESHNESS_EVERY_S, log),
            lambda: following(lambda: open_tail(settings, "outcomes", settings.outcomes_kept), outcomes, log),
            lambda: following(lambda: open_tail(settings, "served", RECORDS_MAX), popular, log, "served"),
            *live.background,
            lambda: following_synonyms(settings, synonyms, metrics, log),
            lambda: encoder_loaded(settings, vectors, spelling, log),
        ),
    )


def open_door(kind: Kind, topic: str, producer: Producer, settings: ServingSettings, metrics: Metrics) -> Door:
    return Door(kind, producer, topic_name(topic, settings.generation), settings.generation, metrics)


async def measured(freshness: FreshnessMeter) -> None:
    await freshness.now()


@asynccontextmanager
async def connections(
    producer: Producer,
    session: aiohttp.ClientSession,
    hints: ReplicaHints,
    histories: tuple[History, ...],
    tracer: Tracer,
) -> AsyncIterator[None]:
    try:
        yield
    finally:
        for history in histories:
            history.close()
        await session.close()
        await hints.close()
        await producer.close()
        await asyncio.to_thread(tracer.close)


@asynccontextmanager
async def resolving(addresses: Addresses, log: Log) -> AsyncIterator[None]:
    """Each name by itself: one whose server is slow does not hold up the others."""
    async with AsyncExitStack() as stack:
        for name in addresses.names:
            step = partial(addresses.refresh, name, log)
            await stack.enter_async_context(repeating(f"resolving {name}", step, RESOLVE_EVERY_S, log))
        yield


@asynccontextmanager
async def looking_up(sessions: RedisSessions, tastes: Tastes, log: Log) -> AsyncIterator[None]:
    """Asks a Redis that was away whether it is back."""

    async def probe() -> None:
        if sessions.broken:
            await sessions.probe()

    async with repeating("sessions", probe, PROBE_EVERY_S, log):
        yield
    await tastes.close()
    await sessions.close()


@asynccontextmanager
async def ranking_by(counts: RedisPopularity, ranking: Ranking, log: Log) -> AsyncIterator[None]:
    """Keeps up with what is popular and with the times of the log."""
    async with AsyncExitStack() as stack:
        stack.push_async_callback(counts.close)
        await stack.enter_async_context(repeating("popularity", ranking.popular.refresh, REFRESH_EVERY_S, log))
        await stack.enter_async_context(repeating("calendar", ranking.refresh_calendar, CALENDAR_EVERY_S, log))
        yield


@asynccontextmanager
async def sending(served: ServedLog, log: Log) -> AsyncIterator[None]:
    async with repeating("served", served.drain, DRAIN_EVERY_S, log):
        yield
    await served.close()


def open_tail(settings: ServingSettings, of: str, records_max: int) -> OpenTail:
    """Begins early enough to know the last `records_max` of a topic. Blocking. Raises Unavailable."""
    topic = topic_name(of, settings.generation)
    reader = Reader(settings.kafka)
    try:
        ends = {partition: reader.begin_end(topic, partition) for partition in range(settings.partitions)}
    finally:
        reader.close()
    back = records_max // settings.partitions
    starts = {(topic, partition): max(begin, end - back) for partition, (begin, end) in ends.items()}
    return OpenTail(Tail(settings.kafka, starts), {partition: end for partition, (_, end) in ends.items()})


@asynccontextmanager
async def following_synonyms(
    settings: ServingSettings, synonyms: Synonyms, metrics: Metrics, log: Log
) -> AsyncIterator[None]:
    if settings.synonyms is None:
        yield
        return
    file = SynonymFile(settings.synonyms, synonyms, metrics, log)
    async with repeating("synonyms", file.look, LOOK_EVERY_S, log):
        yield


@asynccontextmanager
async def encoder_loaded(
    settings: ServingSettings, vectors: QueryVectors, spelling: Spelling, log: Log
) -> AsyncIterator[None]:
    """Loads the encoder beside the first requests, which are answered newest first until it is there."""
    opened: list[Lanes] = []

    async def load_once() -> None:
        if opened:
            return
        encoder = await asyncio.to_thread(open_encoder, settings)
        await asyncio.to_thread(spelling.give, encoder.words())
        opened.append(await Lanes(encoder).__aenter__())
        vectors.give(encoder.id, opened[0])
        leave_alone()
        log.info("encoder_loaded", encoder=encoder.id, engine=encoder.engine.name)

    async with repeating("encoder", load_once, ENCODER_RETRY_S, log):
        yield
    for lanes in opened:
        await lanes.aclose()
    spelling.close()


def open_encoder(settings: ServingSettings) -> TextEncoder:
    """Blocking, seconds. Raises BundleRefused or EngineUnavailable."""
    bundle = load(model_folder(settings.model, settings.data))
    encoder = TextEncoder(bundle, choose_engine(settings.engine, bundle))
    encoder.encode_texts(["warm up"])
    return encoder
