"""`/healthz`, `/readyz`, `/metrics`, `/v1/status|processes|freshness`: how the tier and what is behind it are."""

import os
from typing import Literal

from aiohttp import web
from prometheus_client import generate_latest
from pydantic import BaseModel, ConfigDict

from index_snapshots.differing import Difference
from index_snapshots.faulty import Faulty
from schemas.shards import ShardOnProcess
from serving.freshness import Freshness
from serving.parts import STARTED_S, WIRING, Wiring
from serving.processes import Processes
from serving.readiness import Readiness, readiness
from serving.routes.route import Route, answer_model
from serving.scraped import show

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Health(BaseModel):
    """The process lives."""

    process: Literal["serving"] = "serving"
    pid: int
    version: str
    uptime_s: float
    ready: bool


class ReplicaStatus(ShardOnProcess):
    address: str


class Status(BaseModel):
    """What runs behind the tier."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    version: str
    generation: int
    partitions: int
    ready: bool
    waiting_for: list[str]
    """What is missing to be ready."""
    encoder: str
    products: int
    """Visible products, over the freshest replica of each partition that answers."""
    replicas: list[ReplicaStatus]
    unreachable: list[str]
    """Replicas that do not answer, as `partition/replica address`."""
    differing: list[Difference]
    """Where replicas of one shard do not hold the same; empty: all is well."""
    faulty: list[Faulty]
    """Replicas that do not hold what the log says; those that are `out` answer nothing."""
    redis: bool
    kafka: bool
    outcomes_per_s: float
    """Catalogue events decided per second, over the last 10 s."""


def readiness_of(wiring: Wiring) -> Readiness:
    return readiness(wiring.shards, wiring.watch, wiring.vectors, wiring.freshness)


async def get_healthz(request: web.Request) -> web.Response:
    wiring = request.app[WIRING]
    uptime_s = round(wiring.clock() - request.app[STARTED_S], 3)
    ready = readiness_of(wiring).ready
    return answer_model(Health(pid=os.getpid(), version=wiring.version, uptime_s=uptime_s, ready=ready))


async def get_readyz(request: web.Request) -> web.Response:
    found = readiness_of(request.app[WIRING])
    return answer_model(found, 200 if found.ready else 503)


async def get_metrics(request: web.Request) -> web.Response:
    wiring = request.app[WIRING]
    await show(wiring, readiness_of(wiring))
    return web.Response(body=generate_latest(wiring.metrics.registry), headers={"Content-Type": METRICS_TYPE})


async def get_freshness(request: web.Request) -> web.Response:
    return answer_model(await request.app[WIRING].freshness.now())


async def get_processes(request: web.Request) -> web.Response:
    return answer_model(request.app[WIRING].processes.now())


async def get_status(request: web.Request) -> web.Response:
    wiring = request.app[WIRING]
    found, at = readiness_of(wiring), wiring.watch.at
    everywhere = [one for partition in wiring.shards.partitions for one in wiring.shards.router.replicas(partition)]
    here = {(process.state.partition, address): process for address, group in at.items() for process in group}
    replicas = [
        ReplicaStatus(address=one.address, **here[(one.partition, one.address)].model_dump())
        for one in everywhere
        if (one.partition, one.address) in here
    ]
    unreachable = [one for one in everywhere if (one.partition, one.address) not in here]
    return answer_model(
        Status(
            version=wiring.version,
            generation=wiring.settings.generation,
            partitions=len(wiring.shards.partitions),
            ready=found.ready,
            waiting_for=found.waiting_for,
            encoder=wiring.vectors.encoder_id,
            products=sum(wiring.watch.visible(partition) for partition in wiring.shards.partitions),
            replicas=replicas,
            unreachable=[f"{one.partition}/{one.name} {one.address}" for one in unreachable],
            differing=wiring.watch.judge.differences,
            faulty=wiring.watch.judge.faulty,
            redis=wiring.hints.up,
            kafka=found.kafka,
            outcomes_per_s=round(wiring.outcomes.per_second(), 2),
        )
    )


ROUTES = (
    Route("GET", "/healthz", get_healthz, "Whether the process lives", Health, scope="public"),
    Route(
        "GET",
        "/readyz",
        get_readyz,
        "Whether searches can be answered in full; 503 when not",
        Readiness,
        scope="public",
        also=(503,),
    ),
    Route("GET", "/metrics", get_metrics, "Metrics for Prometheus", "text/plain", scope="admin"),
    Route(
        "GET",
        "/v1/freshness",
        get_freshness,
        "How far behind the log each step is",
        Freshness,
        scope="any",
        problems=(503,),
    ),
    Route(
        "GET",
        "/v1/processes",
        get_processes,
        "Which process is up, starting or down",
        Processes,
        scope="admin",
    ),
    Route("GET", "/v1/status", get_status, "What runs and what does not", Status, scope="admin"),
)
