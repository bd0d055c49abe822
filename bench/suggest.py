"""How fast suggestions come while queries are typed letter by letter, under a fixed rate."""

import asyncio
import random
from collections.abc import Iterator, Sequence
from typing import Any, Final

from bench.latency import summary
from bench.open_loop import open_loop
from bench.shop import Shop

SLIP_EVERY: Final = 10
"""Every tenth query is typed with two letters that changed places."""
KINDS: Final = ("queries", "products", "brands", "categories")
SEED: Final = 7


def typed(queries: Sequence[str], seed: int = SEED) -> Iterator[str]:
    """Every beginning of every query, in a fixed order; forever."""
    rng = random.Random(seed)
    while True:
        for number, query in enumerate(queries):
            text = slipped(query, rng) if number % SLIP_EVERY == 0 else query
            yield from (text[:end] for end in range(1, len(text) + 1) if not text[end - 1].isspace())


def slipped(text: str, rng: random.Random) -> str:
    if len(text) < 4:
        return text
    at = rng.randrange(1, len(text) - 1)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


async def measure_suggest(
    url: str, queries: Sequence[str], *, qps: float, seconds: float, key: str = ""
) -> dict[str, Any]:
    """Times in ms from the intended send time; how many answers had suggestions of each kind."""
    waits_ms: list[float] = []
    having = dict.fromkeys(KINDS, 0)
    errors = degraded = 0
    texts = typed(queries)
    clock = asyncio.get_running_loop().time
    async with Shop(url, key) as shop:

        async def one(_: int, intended_s: float) -> None:
            nonlocal errors, degraded
            status, answer = await shop.suggest({"text": next(texts)})
            if status != 200:
                errors += 1
                return
            waits_ms.append((clock() - intended_s) * 1000)
            degraded += bool(answer["degraded"])
            for kind in KINDS:
                having[kind] += bool(answer[kind])

        await open_loop(qps, seconds, one)
    return {"unit": "ms", "qps": qps, **summary(waits_ms), "errors": errors, "degraded": degraded, "with": having}
