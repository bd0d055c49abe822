"""Builds `python -m agents embed`."""

import asyncio
from collections.abc import Mapping

from agents.embed import EmbedAgent
from agents.faults import Faults
from agents.giving_way import give_way
from agents.topics import Topics
from agents.wiring.starting import FAULT_VARIABLE, listen_with, wait_for_kafka
from agents.worker import WorkerName, run, worker_app
from encoders.bundle import load, model_folder
from encoders.choose import choose_engine
from encoders.text_encoder import TextEncoder
from schemas.metrics import Metrics
from schemas.settings import EmbedSettings, refuse_open_endpoint
from streams.logs import configure_logs
from streams.tracers import open_tracer


async def run_embed(settings: EmbedSettings, environ: Mapping[str, str]) -> None:
    """Runs agents.embed until a signal."""
    refuse_open_endpoint("worker", settings.worker_host, settings.worker_open)
    configure_logs(settings.log_level)
    give_way()
    metrics, topics = Metrics(), Topics(settings.generation, settings.partitions)
    bundle = await asyncio.to_thread(load, model_folder(settings.model, settings.data))
    engine = await asyncio.to_thread(choose_engine, settings.engine, bundle, threads=settings.embed_threads)
    encoder = TextEncoder(bundle, engine)
    await wait_for_kafka(settings)
    faults = Faults(environ.get(FAULT_VARIABLE, ""))
    tracer = open_tracer(settings.tracing, "embed")
    agent = EmbedAgent(
        settings.kafka, topics, encoder, settings.embed_batch_max, settings.dead_letter_limit, metrics, faults, tracer
    )
    name = WorkerName(agent.partitions.group, settings.embed_worker)
    app = worker_app(settings.kafka, name, settings.data, agent.partitions.starting_offsets)
    app.agent(app.topic(topics.name("contents"), key_type=bytes, value_type=bytes), name="embed")(agent.work)
    await listen_with("embed", metrics, agent.partitions, settings, settings.embed_port)

    async def finish() -> None:
        await agent.finish()
        await agent.partitions.lock.acquire()
        await asyncio.to_thread(tracer.close)

    await run(app, finish)
