"""How fast searches are answered under a fixed rate, alone and while products stream in."""

import asyncio
import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.freshness import product
from bench.latency import summary
from bench.open_loop import open_loop
from bench.shop import Shop

EXPLAIN_EVERY = 5
"""Every fifth search asks for its stage times; an explained answer costs a little more than a plain one."""
MAKERS = [
    "Canon",
    "HP",
    "Lenovo",
    "Sony",
    "Samsung",
    "Dell",
    "Epson",
    "Logitech",
    "Philips",
    "Kingston",
    "Garmin",
    "Asus",
    "Acer",
    "Brother",
    "LG",
]
NEEDS = (
    "laser printer",
    "ink cartridge",
    "notebook 15 inch",
    "wireless mouse",
    "usb c cable",
    "external hard drive",
    "ddr3 memory",
    "lcd monitor",
    "digital camera",
    "noise cancelling headphones",
    "graphics card",
    "network switch",
    "tablet cover",
    "power supply",
    "surround speakers",
    "car navigation",
    "tv wall mount",
    "document scanner",
    "gaming keyboard",
    "ssd drive",
)
WISHES = (
    "",
    "black",
    "cheap",
    "for office",
    "small",
    "2 pack",
    "with warranty",
    "white",
    "portable",
    "used",
)


@dataclass
class Answers:
    """What one phase measured."""

    waits_ms: list[float] = field(default_factory=list)
    """From the intended send time to the whole answer."""
    stages_ms: dict[str, list[float]] = field(default_factory=dict)
    errors: int = 0
    degraded: int = 0
    empty: int = 0

    def add(self, wait_ms: float, status: int, answer: dict[str, Any]) -> None:
        if status != 200:
            self.errors += 1
            return
        self.waits_ms.append(wait_ms)
        self.degraded += bool(answer.get("degraded"))
        self.empty += not answer.get("hits")
        for stage, spent_ms in stage_times(answer).items():
            self.stages_ms.setdefault(stage, []).append(spent_ms)

    def figures(self) -> dict[str, Any]:
        return {
            **summary(self.waits_ms),
            "errors": self.errors,
            "degraded": self.degraded,
            "empty": self.empty,
            "stages": {stage: summary(spent, 2) for stage, spent in sorted(self.stages_ms.items())},
        }


def stage_times(answer: dict[str, Any]) -> dict[str, float]:
    """Milliseconds by stage of an explained answer."""
    stages = (answer.get("explain") or {}).get("stages_ms") or {}
    return {name: float(spent) for name, spent in stages.items() if isinstance(spent, (int, float))}


def built_in_queries() -> list[str]:
    """3,000 different queries, so that a cache of query vectors helps as little as it does a new visitor."""
    return [f"{maker} {need} {wish}".strip() for wish in WISHES for need in NEEDS for maker in MAKERS]


def read_queries(path: Path) -> list[str]:
    """The `query` column of a CSV file. Raises ValueError when there is none."""
    with path.open(encoding="utf-8", newline="") as lines:
        found = [row.get("query") or "" for row in csv.DictReader(lines)]
    queries = [query for query in found if query.strip()]
    if not queries:
        raise ValueError(f"{path} has no column `query` with a text in it")
    return queries


async def measure_search(
    url: str,
    queries: Sequence[str],
    *,
    qps: float,
    seconds: float,
    events_per_s: float,
    run: str,
    key: str = "",
) -> dict[str, Any]:
    """Times in ms, static and (when `events_per_s` > 0) while so many upserts a second stream in.

    The streamed SKUs begin with `run` and are deleted at the end.
    """
    figures: dict[str, Any] = {
        "unit": "ms",
        "qps": qps,
        "distinct_queries": len(set(queries)),
    }
    async with Shop(url, key) as shop:
        figures["static"] = (await _searches(shop, queries, qps, seconds, 0)).figures()
        if events_per_s > 0:
            figures["streaming"] = await _streaming(shop, queries, qps, seconds, events_per_s, run)
    return figures


async def _streaming(
    shop: Shop,
    queries: Sequence[str],
    qps: float,
    seconds: float,
    events_per_s: float,
    run: str,
) -> dict[str, Any]:
    sent: list[str] = []

    async def send(number: int, _: float) -> None:
        item = product(run, number)
        sent.append(item["sku"])
        await shop.upsert(item)

    try:
        answers, _ = await asyncio.gather(
            _searches(shop, queries, qps, seconds, round(qps * seconds)),
            open_loop(events_per_s, seconds, send),
        )
    finally:
        await shop.delete_all(sent)
    return {**answers.figures(), "events_per_s": events_per_s, "events": len(sent)}


async def _searches(shop: Shop, queries: Sequence[str], qps: float, seconds: float, first: int) -> Answers:
    """`first`: where in the list of queries to begin, so that a second phase does not repeat the first."""
    answers = Answers()
    clock = asyncio.get_running_loop().time

    async def one(number: int, intended_s: float) -> None:
        text = queries[(first + number) % len(queries)]
        status, answer = await shop.search({"text": text, "limit": 10, "explain": number % EXPLAIN_EVERY == 0})
        answers.add((clock() - intended_s) * 1000, status, answer)

    await open_loop(qps, seconds, one)
    return answers
