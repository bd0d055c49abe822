"""Builds `python -m agents shard`."""

import asyncio
import sys
import uuid
from collections.abc import Mapping

import structlog

from agents.draining import Draining
from agents.faults import Faults
from agents.health import Health, listen
from agents.scrubbing import Scrubber
from agents.search_threads import SWITCH_S
from agents.shard import ShardAgent, ShardSetup
from agents.shard_endpoint import ShardEndpoint
from agents.shipping import Shipper, ShipPlan
from agents.topics import Topics
from agents.wiring.starting import FAULT_VARIABLE, measuring, wait_for_kafka
from agents.worker import WorkerName, run, worker_app
from encoders.bundle import Manifest, load, model_folder
from index_snapshots.builder import BuilderProcess
from index_snapshots.folder import replica_folder
from index_snapshots.manifest import Origin
from index_snapshots.stores import open_store
from schemas.facets import parse_facets
from schemas.metrics import Metrics
from schemas.settings import ShardSettings, refuse_open_endpoint
from streams.collector import leave_alone
from streams.freed_memory import share_heaps
from streams.logs import configure_logs
from streams.producer import Producer
from streams.redis_hints import ReplicaHints
from streams.topics import Cluster
from streams.tracers import open_tracer

log = structlog.get_logger()


async def run_shard(settings: ShardSettings, environ: Mapping[str, str]) -> None:
    """Runs agents.shard until a signal."""
    refuse_open_endpoint("shard", settings.shard_host, settings.shard_open)
    sys.setswitchinterval(SWITCH_S)
    share_heaps()
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
        tracer=open_tracer(settings.tracing, "shard"),
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
    port = await listen(endpoint.app(health, setup.tracer), settings.shard_host, settings.shard_port)
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

    watching = asyncio.create_task(measuring(agent.measure_lags, settings.kafka, tell))
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
        await asyncio.to_thread(setup.tracer.close)

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
