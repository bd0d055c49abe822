"""How soon a session reads its own click, and what a search costs with its session while Redis does badly."""

import asyncio
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bench.freshness import product
from bench.latency import summary
from bench.open_loop import open_loop
from bench.shop import Shop, ShopError
from schemas.sessions import SessionClick
from streams.redis_sessions import RedisSessions

PRODUCTS = 60
FOUND_S = 120.0
POLL_S = 0.01
SEEDED = 200
"""Sessions that searches are asked for, in turn."""
SETTLE_S = 1.0
"""After Redis changed, before a phase is counted: the breaker has opened or closed."""


@dataclass(frozen=True)
class Rates:
    clicks_per_s: float
    searches_per_s: float
    seconds: float
    """Of each phase."""
    timeout_s: float = 10.0


class Harm(NamedTuple):
    """Something that happens to Redis for one phase."""

    name: str
    begin: Callable[[], object]
    end: Callable[[], object]


@dataclass
class Found:
    waits_ms: list[float] = field(default_factory=list)
    acks_ms: list[float] = field(default_factory=list)
    timeouts: int = 0
    polls: int = 0


async def measure_own_click(url: str, rates: Rates, run: str, key: str = "") -> dict[str, Any]:
    """Times in ms from the acknowledgement of a session's first click to the first search that it moved.

    Its products begin with `run` and are deleted at the end.
    """
    found = Found()
    products = [product(run, number) for number in range(PRODUCTS)]
    async with Shop(url, key) as shop:
        try:
            await _on_sale(shop, products)

            async def one(number: int, intended_s: float) -> None:
                await _own_click(shop, products[number % PRODUCTS], f"{run}-{number}", rates.timeout_s, found)

            await open_loop(rates.clicks_per_s, rates.seconds, one)
        finally:
            await shop.delete_all([str(item["sku"]) for item in products])
    return {
        **summary(found.waits_ms),
        "clicks_per_s": rates.clicks_per_s,
        "poll_ms": POLL_S * 1000,
        "polls": found.polls,
        "timeouts": found.timeouts,
        "ack_ms": summary(found.acks_ms),
    }


async def _on_sale(shop: Shop, products: Sequence[dict[str, Any]]) -> None:
    for item in products:
        await shop.upsert(item)
    until_s = time.monotonic() + FOUND_S
    brands = [str(item["brand"]) for item in products]
    while True:
        _, answer = await shop.search({"text": "lamp", "limit": 1, "filters": {"brand": brands}})
        if answer.get("found") == len(products):
            return
        if time.monotonic() > until_s:
            raise ShopError(f"the products of the benchmark are not found after {FOUND_S:g} s")
        await asyncio.sleep(0.1)


async def _own_click(shop: Shop, item: dict[str, Any], session: str, timeout_s: float, found: Found) -> None:
    clock = asyncio.get_running_loop().time
    sent_s = clock()
    await shop.click({"type": "click", "session": session, "sku": item["sku"]})
    acknowledged_s = clock()
    found.acks_ms.append((acknowledged_s - sent_s) * 1000)
    while clock() - acknowledged_s < timeout_s:
        begun_s = clock()
        _, answer = await shop.search({"text": item["title"], "limit": 10, "session": session})
        found.polls += 1
        if is_personal(answer):
            found.waits_ms.append((clock() - acknowledged_s) * 1000)
            return
        await asyncio.sleep(max(0.0, begun_s + POLL_S - clock()))
    found.timeouts += 1


def is_personal(answer: dict[str, Any]) -> bool:
    """Whether a session moved hits: they say their affinity to it."""
    return any(hit.get("affinity") is not None for hit in answer.get("hits", []))


async def measure_search(
    url: str,
    redis_url: str,
    generation: int,
    queries: Sequence[str],
    rates: Rates,
    harms: Sequence[Harm],
    key: str = "",
) -> dict[str, Any]:
    """Times in ms of searches at a fixed rate: without a session, with one, and during each harm.

    `redis_url` belongs to this measurement alone: its sessions are written here. Each phase goes on in `queries` where
    the one before ended, so that a cache of query vectors helps all alike.
    """
    figures: dict[str, Any] = {"searches_per_s": rates.searches_per_s}
    async with Shop(url, key) as shop:
        _, answer = await shop.search({"text": queries[0], "limit": 20})
        skus = [hit["sku"] for hit in answer.get("hits", [])]
        if not skus:
            raise ShopError("the shop is empty: import products first")
        names = await _seed(redis_url, generation, skus)
        size = round((rates.seconds + SETTLE_S) * rates.searches_per_s)
        parts = ([*queries[at:], *queries[:at]] for at in range(0, size * (2 + len(harms)), size))
        figures["without_session"] = await _phase(shop, next(parts), [], rates)
        figures["up"] = await _phase(shop, next(parts), names, rates)
        for harm in harms:
            harm.begin()
            try:
                figures[harm.name] = await _phase(shop, next(parts), names, rates)
            finally:
                harm.end()
    return figures


async def _seed(redis_url: str, generation: int, skus: Sequence[str]) -> list[str]:
    names = [f"bench-{number}" for number in range(SEEDED)]
    sessions = RedisSessions(redis_url, generation, timeout_s=5.0, slow_s=5.0)
    now_ms, log = time.time_ns() // 1_000_000, zlib.crc32(b"bench")
    try:
        for start, name in enumerate(names):
            picked = [skus[(start + step) % len(skus)] for step in range(5)]
            clicks = [SessionClick(name, sku, "click", offset, now_ms) for offset, sku in enumerate(picked)]
            await sessions.count(log, clicks, now_ms)
    finally:
        await sessions.close()
    return names


async def _phase(shop: Shop, queries: Sequence[str], names: Sequence[str], rates: Rates) -> dict[str, Any]:
    """`names`: the sessions to ask for; empty: without."""
    waits_ms: list[float] = []
    counts = {"errors": 0, "personal": 0, "session_left_out": 0}
    clock = asyncio.get_running_loop().time
    settled = round(SETTLE_S * rates.searches_per_s)

    async def one(number: int, intended_s: float) -> None:
        body: dict[str, Any] = {"text": queries[number % len(queries)], "limit": 10}
        if names:
            body["session"] = names[number % len(names)]
        status, answer = await shop.search(body)
        if number < settled:
            return
        waits_ms.append((clock() - intended_s) * 1000)
        counts["errors"] += status != 200
        counts["personal"] += is_personal(answer)
        counts["session_left_out"] += "session" in answer.get("degraded", [])

    await open_loop(rates.searches_per_s, rates.seconds + SETTLE_S, one)
    return {**summary(waits_ms), **counts}
