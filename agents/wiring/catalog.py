"""Builds `python -m agents catalog`."""

import asyncio
from collections.abc import Mapping

from agents.catalog import CatalogAgent
from agents.faults import Faults
from agents.topics import Topics
from agents.wiring.starting import FAULT_VARIABLE, listen_with, wait_for_kafka
from agents.worker import WorkerName, run, worker_app
from schemas.metrics import Metrics
from schemas.settings import CatalogSettings, refuse_open_endpoint
from streams.logs import configure_logs
from streams.tracers import open_tracer


async def run_catalog(settings: CatalogSettings, environ: Mapping[str, str]) -> None:
    """Runs agents.catalog until a signal."""
    refuse_open_endpoint("worker", settings.worker_host, settings.worker_open)
    configure_logs(settings.log_level)
    metrics, topics = Metrics(), Topics(settings.generation, settings.partitions)
    cluster = await wait_for_kafka(settings)
    identity = " ".join([cluster.cluster_id, cluster.topic_ids["contents"], cluster.topic_ids["offers"]])
    faults = Faults(environ.get(FAULT_VARIABLE, ""))
    data = settings.data / settings.catalog_worker
    tracer = open_tracer(settings.tracing, "catalog")
    agent = CatalogAgent(settings.kafka, topics, data, identity, settings.catalog_batch_max, metrics, faults, tracer)
    name = WorkerName(agent.partitions.group, settings.catalog_worker)
    app = worker_app(settings.kafka, name, settings.data, agent.partitions.starting_offsets)
    app.agent(app.topic(topics.name("catalog"), key_type=bytes, value_type=bytes), name="catalog")(agent.work)
    await listen_with("catalog", metrics, agent.partitions, settings, settings.catalog_port)
    purging = asyncio.create_task(agent.purge(settings.delete_memory_days))

    async def finish() -> None:
        purging.cancel()
        await agent.partitions.lock.acquire()  # never released: nothing begins after the batch in hand
        await asyncio.to_thread(tracer.close)

    await run(app, finish)
