"""Builds the real worker processes: the only place of this package that knows what is connected to what."""

import asyncio
import sys
import time
import uuid
import zlib
from collections.abc import Awaitable, Callable, Mapping

import aiohttp
import structlog
from aiohttp import web

from agents.catalog import CatalogAgent
from agents.draining import Draining
from agents.embed import EmbedAgent
from agents.faults import Faults
from agents.health import Health, listen
from agents.partitions import Partitions
from agents.popularity import PopularityCounter
from agents.scrubbing import Scrubber
from agents.search_threads import SWITCH_S
from agents.session import SessionAgent, read_clicks
from agents.shard import ShardAgent, ShardSetup
from agents.shard_endpoint import ShardEndpoint
from agents.shard_vectors import ShardVectors
from agents.shipping import Shipper, ShipPlan
from agents.sound_replicas import SoundReplicas
from agents.topics import Topics
from agents.worker import WorkerName, run, worker_app
from encoders.bundle import Manifest, load, model_folder
from encoders.choose import choose_engine
from encoders.text_encoder import TextEncoder
from index_snapshots.builder import BuilderProcess
from index_snapshots.folder import replica_folder
from index_snapshots.manifest import Origin
from index_snapshots.stores import open_store
from schemas.errors import Unavailable
from schemas.facets import parse_facets
from schemas.metrics import Metrics
from schemas.replicas import by_any_address, parse_replicas
from schemas.settings import (
    CatalogSettings,
    EmbedSettings,
    SessionSettings,
    Settings,
    ShardSettings,
    WorkerSettings,
    refuse_open_endpoint,
)
from streams.collector import leave_alone
from streams.item_vectors import ItemMemory
from streams.logs import configure_logs
from streams.producer import Producer
from streams.reader import Reader
from streams.redis_hints import ReplicaHints
from streams.redis_popularity import RedisPopularity
from streams.redis_sessions import RedisSessions
from streams.topics import Cluster, describe_cluster

FAULT_VARIABLE = "FRESHET_FAULT"
KAFKA_WAIT_S = 60.0
"""A worker that starts before Kafka does waits so long; Faust itself would leave at once."""
REDIS_TIMEOUT_S = 1.0
"""Of a batch of clicks: nobody waits for it."""
WATCH_S = 0.5
AWAY_S = 10.0
"""While Kafka is away it is asked, and said, only so often."""

log = structlog.get_logger()


async def run_catalog(settings: CatalogSettings, environ: Mapping[str, str]) -> None:
    """Runs agents.catalog until a signal."""
    refuse_open_endpoint("worker", settings.worker_host, settings.worker_open)
    configure_logs(settings.log_level)
    metrics, topics = Metrics(), Topics(settings.generation, settings.partitions)
    cluster = await wait_for_kafka(settings)
    identity = " ".join([cluster.cluster_id, cluster.topic_ids["contents"], cluster.topic_ids["offers"]])
    faults = Faults(environ.get(FAULT_VARIABLE, ""))
    data = settings.data / settings.catalog_worker
    agent = CatalogAgent(settings.kafka, topics, data, identity, settings.catalog_batch_max, metrics, faults)
    name = WorkerName(agent.partitions.group, settings.catalog_worker)
    app = worker_app(settings.kafka, name, settings.data, agent.partitions.starting_offsets)
    app.agent(app.topic(topics.name("catalog"), key_type=bytes, value_type=bytes), name="catalog")(agent.work)
    await _listen("catalog", metrics, agent.partitions, settings, settings.catalog_port)
    purging = asyncio.create_task(agent.purge(settings.delete_memory_days))

    async def finish() -> None:
        purging.cancel()
        await agent.partitions.lock.acquire()  # never released: nothing begins after the batch in hand

    await run(app, finish)


async def run_embed(settings: EmbedSettings, environ: Mapping[str, str]) -> None:
    """Runs agents.embed until a signal."""
    refuse_open_endpoint("worker", settings.worker_host, settings.worker_open)
    configure_logs(settings.log_level)
    metrics, topics = Metrics(), Topics(settings.generation, settings.partitions)
    bundle = await asyncio.to_thread(load, model_folder(settings.model, settings.data))
    engine = await asyncio.to_thread(choose_engine, settings.engine, bundle, threads=settings.embed_threads)
    encoder = TextEncoder(bundle, engine)
    await wait_for_kafka(settings)
    faults = Faults(environ.get(FAULT_VARIABLE, ""))
    agent = EmbedAgent(
        settings.kafka, topics, encoder, settings.embed_batch_max, settings.dead_letter_limit, metrics, faults
    )
    name = WorkerName(agent.partitions.group, settings.embed_worker)
    app = worker_app(settings.kafka, name, settings.data, agent.partitions.starting_offsets)
    app.agent(app.topic(topics.name("contents"), key_type=bytes, value_type=bytes), name="embed")(agent.work)
    await _listen("embed", metrics, agent.partitions, settings, settings.embed_port)

    async def finish() -> None:
        await agent.finish()
        await agent.partitions.lock.acquire()

    await run(app, finish)


async def run_session(settings: SessionSettings, environ: Mapping[str, str]) -> None:
    """Runs agents.session until a signal."""
    refuse_open_endpoint("worker", settings.worker_host, settings.worker_open)
    configure_logs(settings.log_level)
    metrics, topics = Metrics(), Topics(settings.generation, settings.partitions)
    replicas = by_any_address(parse_replicas(settings.shards, settings.partitions))
    cluster = await wait_for_kafka(settings)
    log_id = zlib.crc32(f"{cluster.cluster_id} {cluster.topic_ids['clicks']}".encode())
    sessions = RedisSessions(settings.redis_url, settings.generation, REDIS_TIMEOUT_S, slow_s=REDIS_TIMEOUT_S)
    client = aiohttp.ClientSession(trust_env=False)
    sound = SoundReplicas(replicas, client)
    vectors = ShardVectors(sound, client, time.monotonic)
    items = ItemMemory(vectors.ask, settings.partitions, metrics, time.monotonic)
    faults = Faults(environ.get(FAULT_VARIABLE, ""))
    popularity = PopularityCounter(
        RedisPopularity(settings.redis_url, settings.generation),
        lambda: Reader(settings.kafka),
        topics.name("clicks"),
        log_id,
        lambda records: read_clicks(records, topics, Faults(""), 0).signs,
    )
    agent = SessionAgent(
        settings.kafka, topics, log_id, sessions, items, popularity, settings.session_batch_max, metrics, faults
    )
    name = WorkerName(agent.partitions.group, settings.session_worker)
    app = worker_app(settings.kafka, name, settings.data, agent.partitions.starting_offsets)
    app.agent(app.topic(topics.name("clicks"), key_type=bytes, value_type=bytes), name="session")(agent.work)
    await _listen("session", metrics, agent.partitions, settings, settings.session_port, lambda: agent.waits_for)
    works = (
        _measuring(agent.measure_lag, settings.kafka),
        sound.forever(),
        popularity.forever(lambda: agent.partitions.next_offsets),
    )
    behind = [asyncio.create_task(work) for work in works]

    async def finish() -> None:
        for task in behind:
            task.cancel()
        await agent.partitions.lock.acquire()

    await run(app, finish)


async def run_shard(settings: ShardSettings, environ: Mapping[str, str]) -> None:
    """Runs agents.shard until a signal."""
    refuse_open_endpoint("shard", settings.shard_host, settings.shard_open)
    sys.setswitchinterval(SWITCH_S)
    configure_logs(settings.log_level)
    metrics, topics = Metrics(), Topics(settings.generation, settings.partitions)
    manifest = (await asyncio.to_thread(load, model_folder(settings.model, settings.data))).manifest
    cluster = await wait_for_kafka(settings)
    origins = _origins(settings, cluster, manifest)
    partitions = [origin.partition for origin in origins]
    setup = ShardSetup(
        kafka=settings.kafka,
        topics=topics,
        data=replica_folder(settings.data, settings.replica),
        replica=settings.replica,
        snapshot_every=settings.snapshot_every_records,
        snapshots_keep=settings.snapshots_keep,
        held_offers_max=settings.held_offers_max,
        digest_every=settings.digest_every,
        recall=settings.recall,
        facets=parse_facets(settings.facets),
        store=open_store(settings, environ) if settings.snapshot_store else None,
    )
    faults = Faults(environ.get(FAULT_VARIABLE, ""))
    producer = Producer(settings.kafka, loop=asyncio.get_running_loop())
    builder = BuilderProcess()
    agent = ShardAgent(setup, origins, builder, producer, metrics, faults, lambda: str(uuid.uuid4()))

    draining = Draining()

    def why_not_ready() -> str:
        return "ending" if draining.began else "" if agent.live else "catching up with the log"

    health = Health("shard", metrics, why_not_ready, lambda: {"partitions": partitions, "replica": settings.replica})
    scrubber = Scrubber(agent.kept.values(), settings.scrub_s, metrics)
    endpoint = ShardEndpoint(agent, scrubber.soon, draining)
    port = await listen(endpoint.app(health), settings.shard_host, settings.shard_port)
    log.info("listening", process="shard", port=port)
    await agent.catch_up()
    name = WorkerName(f"freshet-shard-{settings.generation}", f"shard-{settings.replica}-{partitions[0]}")
    app = worker_app(settings.kafka, name, settings.data, agent.starting_offsets, agent.assigned())
    channel = app.topic(topics.name("documents"), topics.name("offers"), key_type=bytes, value_type=bytes)
    app.agent(channel, name="shard")(agent.work)
    hints = ReplicaHints(settings.redis_url)

    async def tell() -> None:
        """Tells Redis how the shards stand."""
        await hints.announce([agent.state(partition) for partition in agent.kept])
        metrics.gauge("freshet_redis_up").set(hints.up)

    watching = asyncio.create_task(_measuring(agent.measure_lags, settings.kafka, tell))
    works: list[Scrubber | Shipper] = [scrubber]
    if setup.store is not None:
        plan = ShipPlan(
            settings.snapshot_store_keep,
            settings.snapshot_store_mb_per_s,
            settings.snapshot_store_check_s,
            settings.snapshot_store_scrub_s,
        )
        works.append(Shipper(agent.kept.values(), setup.store, plan, metrics))
    behind = [asyncio.create_task(one.forever()) for one in works]

    async def finish() -> None:
        await draining.finish()
        watching.cancel()
        for task in behind:
            task.cancel()
        for one in works:
            one.stop()
        agent.hurried.set()
        await agent.lock.acquire()  # never released: nothing begins after the batch in hand
        await asyncio.to_thread(agent.close_words)
        await producer.close()
        builder.close()

    leave_alone()
    await run(app, finish)


def _origins(settings: ShardSettings, cluster: Cluster, manifest: Manifest) -> list[Origin]:
    """What the shards of this process are shards of, one per partition."""
    return [
        Origin(
            partition=partition,
            generation=settings.generation,
            cluster_id=cluster.cluster_id,
            topic_ids={base: cluster.topic_ids[base] for base in ("documents", "offers")},
            encoder=manifest.id,
            dim=manifest.dim,
        )
        for partition in settings.shard_partitions or range(settings.partitions)
    ]


async def _measuring(
    measure: Callable[[Reader], None], kafka: str, then: Callable[[], Awaitable[None]] | None = None
) -> None:
    """Twice a second `measure` reads from the log how far behind it a worker is; `then` follows, Kafka or not."""
    reader = await asyncio.to_thread(Reader, kafka)
    while True:
        try:
            await asyncio.to_thread(measure, reader)
        except Unavailable as error:
            log.warning("cannot measure lags", error=error.message)
            await asyncio.sleep(AWAY_S)
        if then is not None:
            await then()
        await asyncio.sleep(WATCH_S)


async def wait_for_kafka(settings: Settings) -> Cluster:
    """Returns when Kafka answers and has the topics. Raises Unavailable after KAFKA_WAIT_S."""
    until = time.monotonic() + KAFKA_WAIT_S
    while True:
        try:
            return await asyncio.to_thread(describe_cluster, settings.kafka, settings.generation)
        except Unavailable as error:
            if time.monotonic() > until:
                raise
            log.info("waiting for Kafka", kafka=settings.kafka, error=error.message)
            await asyncio.sleep(0.5)


async def _listen(
    process: str,
    metrics: Metrics,
    partitions: Partitions,
    settings: WorkerSettings,
    port: int,
    waits_for: Callable[[], str] = lambda: "",
) -> None:
    def why_not_ready() -> str:
        return waits_for() if partitions.began else "no partition has been assigned yet"

    def facts() -> dict[str, object]:
        return {"group": partitions.group, "next_offsets": partitions.next_offsets}

    app = web.Application()
    Health(process, metrics, why_not_ready, facts).add_to(app)
    bound = await listen(app, settings.worker_host, port)
    log.info("listening", process=process, port=bound)
