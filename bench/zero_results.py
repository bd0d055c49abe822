"""How many queries come back empty, or without what they ask for, with the fallback ladder off and on."""

import asyncio
import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from bench.shop import Shop

MODES: Final = ("words", "hybrid")
IN_FLIGHT_MAX: Final = 2


def read_query_files(folder: Path, limit: int) -> dict[str, list[str]]:
    """By file the first `limit` texts of its column `query`. Raises ValueError where no file has one."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as lines:
            rows = csv.DictReader(lines)
            if "query" in (rows.fieldnames or []):
                texts = [row["query"] for row in rows if (row["query"] or "").strip()]
                found[path.name] = list(dict.fromkeys(texts))[:limit]
    if not any(found.values()):
        raise ValueError(f"{folder} holds no CSV file with a column `query`")
    return found


async def measure_zero_results(url: str, files: Mapping[str, Sequence[str]], *, key: str = "") -> dict[str, Any]:
    """By file and mode the figures of `figures`. Raises ShopError when an answer is incomplete."""
    turns = asyncio.Semaphore(IN_FLIGHT_MAX)
    async with Shop(url, key) as shop:

        async def one(text: str, mode: str, off: bool) -> dict[str, Any]:
            async with turns:
                return await shop.whole({"text": text, "mode": mode, "limit": 10, **({"fallback": []} if off else {})})

        return {
            name: {
                mode: figures(
                    await asyncio.gather(*(one(text, mode, True) for text in texts)),
                    await asyncio.gather(*(one(text, mode, False) for text in texts)),
                )
                for mode in MODES
            }
            for name, texts in files.items()
        }


def figures(off: Sequence[Mapping[str, Any]], on: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Shares of empty answers, and by step the share of answers that it gave. Without the ladder an answer by meaning
    alone does not say so: `unanswered` is the share that the ladder was tried for."""
    steps = Counter(answer["fallback"]["step"] for answer in on if answer["fallback"])
    return {
        "queries": len(on),
        "empty_off": _share(sum(not answer["hits"] for answer in off), len(off)),
        "empty_on": _share(sum(not answer["hits"] for answer in on), len(on)),
        "unanswered": _share(sum(bool(answer["fallback"]) or not answer["hits"] for answer in on), len(on)),
        "answered_by": {step: _share(count, len(on)) for step, count in steps.most_common()},
    }


def _share(count: int, of: int) -> float | None:
    return round(count / of, 4) if of else None
