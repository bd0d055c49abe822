"""How fast searches are answered under a fixed rate, alone and while products stream in."""

import asyncio
import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bench.freshness import product
from bench.latency import summary
from bench.machine import load, machine
from bench.open_loop import open_loop
from bench.shop import Shop

REPLACED_AFTER_S = 5.0
"""A streamed product is replaced by a newer version of itself so often, as the products of a shop are."""
SETTLE_S = 1.0
"""Between two phases: what the last one left under way is over."""
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
    "silver",
    "new",
    "for home",
    "for gaming",
    "large",
    "3 pack",
    "fast",
    "original",
    "compact",
    "best",
)


NO_BODY: Mapping[str, Any] = MappingProxyType({})


@dataclass
class Answers:
    """What one phase measured."""

    waits_ms: list[float] = field(default_factory=list)
    """From the intended send time to the whole answer."""
    stages_ms: dict[str, list[float]] = field(default_factory=dict)
    """`tier`: all of a search, as the tier counts it; the rest of a wait is HTTP, and the client's own."""
    errors: int = 0
    degraded: int = 0
    empty: int = 0

    def add(self, wait_ms: float, status: int, answer: Mapping[str, Any], spent_ms: Mapping[str, float]) -> None:
        """`spent_ms`: by stage."""
        if status != 200:
            self.errors += 1
            return
        self.waits_ms.append(wait_ms)
        self.degraded += bool(answer.get("degraded"))
        self.empty += not answer.get("hits")
        for stage, ms in spent_ms.items():
            self.stages_ms.setdefault(stage, []).append(ms)

    def figures(self) -> dict[str, Any]:
        return {
            **summary(self.waits_ms),
            "errors": self.errors,
            "degraded": self.degraded,
            "empty": self.empty,
            "stages": {stage: summary(spent, 2) for stage, spent in sorted(self.stages_ms.items())},
        }


def built_in_queries() -> list[str]:
    """6,000 different queries, so that a cache of query vectors helps as little as it does a new visitor."""
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
    rates: Sequence[float],
    seconds: float,
    events_per_s: float,
    run: str,
    key: str = "",
    body: Mapping[str, Any] = NO_BODY,
    unkept: bool = False,
    texts_share: float = 1.0,
) -> dict[str, Any]:
    """For each rate of searches times in ms, static and (when `events_per_s` > 0) while so many changes a second stream
    in. `body`: of each search, beside its text. `unkept`: each is embedded, also a text that came before.
    `texts_share`: of the changes, those with a text that must be embedded; the others are prices and stocks.

    The streamed SKUs begin with `run` and are deleted at the end.
    """
    asked = {"limit": 10, **body}
    phases: list[dict[str, Any]] = []
    load_before, first = load(), 0
    async with Shop(url, key, unkept=unkept) as shop:
        for number, qps in enumerate(rates):
            phase: dict[str, Any] = {
                "qps": qps,
                "static": (await _searches(shop, queries, asked, qps, seconds, first)).figures(),
            }
            first += round(qps * seconds)
            if events_per_s > 0:
                await asyncio.sleep(SETTLE_S)
                phase["streaming"] = await _streaming(
                    shop, queries, asked, qps, seconds, Changes(events_per_s, texts_share, f"{run}-{number}"), first
                )
                first += round(qps * seconds)
            phases.append(phase)
            await asyncio.sleep(SETTLE_S)
    return {
        "unit": "ms",
        "distinct_queries": len(set(queries)),
        "asked": asked,
        "embedded_anew": unkept,
        "machine": machine(),
        "load_before": load_before,
        "load_after": load(),
        "rates": phases,
    }


@dataclass
class Changes:
    """Products that are replaced by newer versions of themselves, and prices and stocks of those that are known."""

    per_s: float
    texts_share: float
    run: str
    sent: int = 0
    texts: int = 0
    known: list[str] = field(default_factory=list)
    """SKUs that Kafka has."""

    def sku(self, text: int) -> str:
        """Of the text's product: it is replaced after REPLACED_AFTER_S."""
        different = max(1, round(self.per_s * self.texts_share * REPLACED_AFTER_S))
        return f"{self.run}-{text % different}"

    async def send(self, shop: Shop, number: int) -> None:
        self.sent += 1
        if self.known and self.texts >= self.sent * self.texts_share:
            offer = {"price": {"amount": 10.0 + number % 90, "currency": "EUR"}, "stock": number % 20}
            await shop.patch(self.known[number % len(self.known)], offer)
            return
        sku, item = self.sku(self.texts), product(self.run, self.texts)
        self.texts += 1
        await shop.upsert({**item, "sku": sku})
        self.known.append(sku)


async def _streaming(
    shop: Shop,
    queries: Sequence[str],
    asked: Mapping[str, Any],
    qps: float,
    seconds: float,
    changes: Changes,
    first: int,
) -> dict[str, Any]:
    try:
        answers, _ = await asyncio.gather(
            _searches(shop, queries, asked, qps, seconds, first),
            open_loop(changes.per_s, seconds, lambda number, _: changes.send(shop, number)),
        )
    finally:
        await shop.delete_all(sorted({changes.sku(text) for text in range(changes.texts)}))
    return {**answers.figures(), "events_per_s": changes.per_s, "events": changes.sent, "texts": changes.texts}


async def _searches(
    shop: Shop, queries: Sequence[str], asked: Mapping[str, Any], qps: float, seconds: float, first: int
) -> Answers:
    """`first`: where in the list of queries to begin, so that a second phase does not repeat the first."""
    answers = Answers()
    clock = asyncio.get_running_loop().time

    async def one(number: int, intended_s: float) -> None:
        text = queries[(first + number) % len(queries)]
        status, answer, spent_ms = await shop.timed_search({**asked, "text": text})
        answers.add((clock() - intended_s) * 1000, status, answer, spent_ms)

    await open_loop(qps, seconds, one)
    return answers
