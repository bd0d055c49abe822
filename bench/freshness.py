"""How long after its acknowledgement a change is found by a search: new products, then price changes; then journeys."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.journeys import measure_journeys
from bench.latency import summary
from bench.metrics_page import texts_encoded
from bench.open_loop import open_loop
from bench.shop import Place, Shop

POLLS_IN_FLIGHT_MAX = 4
"""Over all events that wait: polling must not become the load it measures. Waiting for a turn counts as latency."""
WORDS = [
    "amber",
    "basalt",
    "cedar",
    "delta",
    "ember",
    "fjord",
    "garnet",
    "harbor",
    "indigo",
    "juniper",
    "kelp",
    "lagoon",
    "mistral",
    "nectar",
    "onyx",
]
THINGS = [
    "lamp",
    "kettle",
    "backpack",
    "keyboard",
    "notebook",
    "headset",
    "tripod",
    "router",
    "camera",
    "blanket",
    "speaker",
    "mug",
]


@dataclass(frozen=True)
class Load:
    rate_per_s: float
    seconds: float
    poll_ms: float = 10.0
    timeout_s: float = 60.0
    """A change that is not found within this long is a timeout (and not in the percentiles)."""


@dataclass
class Seen:
    """What one phase measured."""

    waits_ms: list[float] = field(default_factory=list)
    acks_ms: list[float] = field(default_factory=list)
    """From the intended send time to the acknowledgement."""
    timeouts: int = 0
    polls: int = 0
    poll_errors: int = 0

    def figures(self) -> dict[str, Any]:
        return {
            **summary(self.waits_ms),
            "timeouts": self.timeouts,
            "polls": self.polls,
            "poll_errors": self.poll_errors,
            "ack_ms": summary(self.acks_ms),
        }


async def measure_freshness(
    url: str,
    load: Load,
    *,
    run: str,
    key: str = "",
    embed_metrics: Sequence[str] = (),
    prices: bool = True,
    journeys: bool = True,
) -> dict[str, Any]:
    """Times in ms from the acknowledgement to the first answer that shows the change; SKUs begin with `run`.

    `embed_metrics`: the metrics pages of the embed workers; they tell how many texts were encoded meanwhile.
    Deletes its SKUs at the end, also after a failure.
    """
    count = max(1, round(load.rate_per_s * load.seconds))
    products = [product(run, number) for number in range(count)]
    figures: dict[str, Any] = {
        "unit": "ms",
        "rate_per_s": load.rate_per_s,
        "poll_ms": load.poll_ms,
    }
    async with Shop(url, key) as shop:
        try:
            before = await texts_encoded(embed_metrics)
            figures["upserts"] = await _upserts(shop, load, products)
            between = await texts_encoded(embed_metrics)
            figures["upserts"]["texts_encoded"] = _difference(before, between)
            if prices:
                figures["prices"] = await _prices(shop, load, products)
                figures["prices"]["texts_encoded"] = _difference(between, await texts_encoded(embed_metrics))
            if journeys:
                figures["journeys"] = await measure_journeys(shop, products, load.poll_ms, load.timeout_s)
            figures["slowed_requests"] = shop.slowed
        finally:
            await shop.delete_all([str(item["sku"]) for item in products])
    return figures


def product(run: str, number: int) -> dict[str, Any]:
    """A product nobody else has: a brand of its own, a title that reads like one."""
    name = f"{WORDS[number % len(WORDS)]} {WORDS[number // len(WORDS) % len(WORDS)]} {THINGS[number % len(THINGS)]}"
    return {
        "sku": f"{run}-{number}",
        "title": f"{name} {run} {number}",
        "description": f"A {name} that exists to be found.",
        "brand": f"{run}-brand-{number}",
        "price": {"amount": 10.0 + number % 90, "currency": "EUR"},
        "stock": 1,
    }


async def _upserts(shop: Shop, load: Load, products: Sequence[dict[str, Any]]) -> dict[str, Any]:
    async def send(number: int) -> Place:
        return await shop.upsert(products[number])

    return await _phase(shop, load, products, send, "content_order")


async def _prices(shop: Shop, load: Load, products: Sequence[dict[str, Any]]) -> dict[str, Any]:
    async def send(number: int) -> Place:
        amount = products[number]["price"]["amount"] + 0.5
        return await shop.patch(products[number]["sku"], {"price": {"amount": amount, "currency": "EUR"}})

    return await _phase(shop, load, products, send, "offer_order")


async def _phase(
    shop: Shop,
    load: Load,
    products: Sequence[dict[str, Any]],
    send: Callable[[int], Any],
    order_field: str,
) -> dict[str, Any]:
    seen = Seen()
    turns = asyncio.Semaphore(POLLS_IN_FLIGHT_MAX)
    clock = asyncio.get_running_loop().time

    async def one(number: int, intended_s: float) -> None:
        order = await send(number)
        acknowledged_s = clock()
        seen.acks_ms.append((acknowledged_s - intended_s) * 1000)
        found_s = await _found_s(shop, load, products[number], order_field, order, seen, turns)
        if found_s is None:
            seen.timeouts += 1
        else:
            seen.waits_ms.append((found_s - acknowledged_s) * 1000)

    await open_loop(load.rate_per_s, load.seconds, one)
    return seen.figures()


async def _found_s(
    shop: Shop,
    load: Load,
    wanted: dict[str, Any],
    order_field: str,
    order: Place,
    seen: Seen,
    turns: asyncio.Semaphore,
) -> float | None:
    """When the answer that shows the change had arrived; None after the timeout."""
    clock = asyncio.get_running_loop().time
    deadline_s = clock() + load.timeout_s
    body = {
        "text": wanted["title"],
        "limit": 10,
        "filters": {"brand": [wanted["brand"]]},
    }
    while clock() < deadline_s:
        begun_s = clock()
        async with turns:
            status, answer = await shop.search(body)
        seen.polls += 1
        seen.poll_errors += status != 200
        if shows(answer, wanted["sku"], order_field, order):
            return clock()
        await asyncio.sleep(max(0.0, begun_s + load.poll_ms / 1000 - clock()))
    return None


def shows(answer: dict[str, Any], sku: str, order_field: str, order: Place) -> bool:
    """Whether the top 10 hold the SKU at or past the order."""
    hits = [hit for hit in answer.get("hits", [])[:10] if hit.get("sku") == sku]
    return any(hit.get(order_field) and tuple(hit[order_field]) >= order for hit in hits)


def _difference(before: float | None, after: float | None) -> int | None:
    """None when a counter is not known, or began at 0 again."""
    return None if before is None or after is None or after < before else int(after - before)
