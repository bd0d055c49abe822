"""What every worker does before and beside its own work: waits for Kafka, shows its health, measures its lag."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog
from aiohttp import web

from agents.health import Health, listen
from agents.partitions import Partitions
from schemas.errors import Unavailable
from schemas.metrics import Metrics
from schemas.settings import Settings, WorkerSettings
from streams.reader import Reader
from streams.topics import Cluster, describe_cluster

FAULT_VARIABLE = "FRESHET_FAULT"
KAFKA_WAIT_S = 60.0
"""A worker that starts before Kafka does waits so long; Faust itself would leave at once."""
WATCH_S = 0.5
AWAY_S = 10.0
"""While Kafka is away it is asked, and said, only so often."""

log = structlog.get_logger()


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


async def measuring(
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


async def listen_with(
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
