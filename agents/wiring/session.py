"""Builds `python -m agents session`."""

import asyncio
import time
import zlib
from collections.abc import Mapping

import aiohttp

from agents.faults import Faults
from agents.popularity import PopularityCounter
from agents.session import SessionAgent, read_clicks
from agents.shard_vectors import ShardVectors
from agents.sound_replicas import SoundReplicas
from agents.topics import Topics
from agents.wiring.starting import FAULT_VARIABLE, listen_with, measuring, wait_for_kafka
from agents.worker import WorkerName, run, worker_app
from schemas.metrics import Metrics
from schemas.replicas import by_any_address, parse_replicas
from schemas.settings import SessionSettings, refuse_open_endpoint
from streams.item_vectors import ItemMemory
from streams.logs import configure_logs
from streams.reader import Reader
from streams.redis_popularity import RedisPopularity
from streams.redis_sessions import RedisSessions

REDIS_TIMEOUT_S = 1.0
"""Of a batch of clicks: nobody waits for it."""


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
    await listen_with("session", metrics, agent.partitions, settings, settings.session_port, lambda: agent.waits_for)
    works = (
        measuring(agent.measure_lag, settings.kafka),
        sound.forever(),
        popularity.forever(lambda: agent.partitions.next_offsets),
    )
    behind = [asyncio.create_task(work) for work in works]

    async def finish() -> None:
        for task in behind:
            task.cancel()
        await agent.partitions.lock.acquire()

    await run(app, finish)
