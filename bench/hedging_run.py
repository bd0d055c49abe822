"""One run of `freshet bench hedging`: the router of the query tier over two replicas, of which one is slow.

Two real shard processes with the same products, each behind a proxy. The router asks them on a fixed schedule, with and
without its choice by latency, with and without hedges; all ways in turns, so that a drift of the machine meets all.
"""

import asyncio
import base64
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp

from bench.latency import summary
from bench.machine import load, machine
from bench.open_loop import open_loop
from bench.slow_proxy import HOST, SlowProxy
from bench.subject import Subject
from bench.vector_file import write_vectors
from bench.workload import DEFAULT_SEED, Workload
from schemas.errors import Unavailable
from schemas.metrics import Metrics
from schemas.shard_messages import ShardQuery
from serving.addresses import Addresses
from serving.budget import Budget
from serving.peak_latency import PeakLatency
from serving.router import Router
from serving.shard_http import ShardHttp
from serving.shards import Shards

LIMIT: Final = 10
BUDGET_S: Final = 2.0
WARM_SEARCHES: Final = 100
"""Of each way before it is measured: the router has to learn what is usual."""
QUERIES: Final = 200
CONNECTIONS_MAX: Final = 256


@dataclass(frozen=True)
class HedgingPlan:
    rows: int
    dim: int
    qps: float
    seconds: float
    """Of each way."""
    slow_ms: float
    slow_share: float
    """Of the answers that are slow where not all are."""
    hedge_share: float
    warm: int = WARM_SEARCHES
    seed: int = DEFAULT_SEED


@dataclass(frozen=True)
class Way:
    """How the router works."""

    chooses: bool
    """By latency; if not it draws."""
    hedges: bool

    @property
    def name(self) -> str:
        return f"{'two choices' if self.chooses else 'drawn'}{', hedged' if self.hedges else ''}"


WAYS: Final = tuple(Way(chooses, hedges) for chooses in (False, True) for hedges in (False, True))


class Unmeasured(PeakLatency):
    """All replicas are alike, whatever they did: then one is drawn."""

    def cost(self, in_flight: int) -> float:
        return 0.0


@dataclass
class Measured:
    waits_ms: list[float] = field(default_factory=list)
    failed: int = 0
    questions: float = 0.0
    """At the shards."""

    def figures(self) -> dict[str, Any]:
        asked = len(self.waits_ms) + self.failed
        return {
            **summary(self.waits_ms, 2),
            "failed": self.failed,
            "extra_load": round(self.questions / asked - 1, 4) if asked else None,
        }


def run_hedging(plan: HedgingPlan, say: Callable[[str], None], within: Path | None = None) -> dict[str, Any]:
    """`within`: where its files lie meanwhile. Raises SubjectFailed."""
    load_before = load()
    workload = Workload(plan.rows, plan.dim, plan.seed)
    with tempfile.TemporaryDirectory(prefix="freshet-bench-", dir=within) as folder, ExitStack() as processes:
        write_vectors(Path(folder) / "vectors", workload, plan.rows)
        say(f"loading {plan.rows:,} products into two replicas")
        ports = [_shard(processes, plan, Path(folder), number) for number in range(2)]
        measured = asyncio.run(_measure(plan, ports, list(_queries(workload)), say))
    return {
        "unit": "ms",
        "rows": plan.rows,
        "searches_per_s": plan.qps,
        "slow_ms": plan.slow_ms,
        "slow_share": plan.slow_share,
        "hedge_share": plan.hedge_share,
        **{name: {way.name: one.figures() for way, one in ways.items()} for name, ways in measured.items()},
        "machine": machine(),
        "load_before": load_before,
        "load_after": load(),
    }


def _shard(processes: ExitStack, plan: HedgingPlan, folder: Path, number: int) -> int:
    setup = {"vectors": str(folder / "vectors"), "rows": plan.rows, "dim": plan.dim, "seed": plan.seed}
    subject = Subject("bench.shard_over_http", setup | {"folder": str(folder / str(number)), "records": plan.rows})
    shard = processes.enter_context(subject)
    port = int(shard.ask("listen")["port"])
    shard.ask("load")
    return port


def _queries(workload: Workload) -> Iterator[ShardQuery]:
    for vector in workload.queries(QUERIES):
        text = base64.b64encode(vector.astype("<f2").tobytes()).decode()
        yield ShardQuery(partition=0, vector=text, limit=LIMIT, budget_ms=1)


async def _measure(
    plan: HedgingPlan, ports: list[int], queries: list[ShardQuery], say: Callable[[str], None]
) -> dict[str, dict[Way, Measured]]:
    found: dict[str, dict[Way, Measured]] = {}
    draw = random.Random(plan.seed)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX))
        )
        proxies = [SlowProxy(port, draw) for port in ports]
        addresses = [[f"http://{HOST}:{await stack.enter_async_context(one.listening())}" for one in proxies]]
        for name, slow_s, share in (
            ("both_quick", 0.0, 0.0),
            ("one_slow", plan.slow_ms / 1000, 1.0),
            ("one_slow_at_times", plan.slow_ms / 1000, plan.slow_share),
        ):
            proxies[1].slow_s, proxies[1].share = slow_s, share
            for way in WAYS:
                say(f"{name.replace('_', ' ')}: {way.name}")
                found.setdefault(name, {})[way] = await _one_way(plan, way, addresses, session, queries, draw)
    return found


async def _one_way(
    plan: HedgingPlan,
    way: Way,
    addresses: list[list[str]],
    session: aiohttp.ClientSession,
    queries: list[ShardQuery],
    draw: random.Random,
) -> Measured:
    clock, metrics, measured = asyncio.get_running_loop().time, Metrics(), Measured()
    router = Router(Addresses(addresses), metrics, clock, draw, plan.hedge_share if way.hedges else 0.0)
    shards = Shards(router, ShardHttp(session), clock)

    if not way.chooses:
        for replica in router.replicas(0):
            replica.latency = Unmeasured(clock)

    async def search(number: int, intended_s: float) -> None:
        try:
            await shards.search(queries[number % len(queries)], Budget(BUDGET_S, clock))
            measured.waits_ms.append((clock() - intended_s) * 1000)
        except Unavailable:
            measured.failed += 1

    await open_loop(plan.qps, plan.warm / plan.qps, search)
    before = asked_of(metrics)
    measured.waits_ms.clear()
    measured.failed = 0
    await open_loop(plan.qps, plan.seconds, search)
    measured.questions = asked_of(metrics) - before
    return measured


def asked_of(metrics: Metrics) -> float:
    """Questions to all replicas, however they ended."""
    families = metrics.registry.collect()
    return sum(
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == "freshet_shard_questions_total"
    )
