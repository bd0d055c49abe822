"""Reads counters from the metrics pages of processes."""

from collections.abc import Sequence

import aiohttp

TIMEOUT_S = 5.0
ENCODED = "freshet_texts_encoded_total"


async def texts_encoded(pages: Sequence[str]) -> float | None:
    """Texts that the embed workers of these pages have encoded; None without pages, or when one does not tell."""
    counted = [await total(page, ENCODED) for page in pages]
    known = [value for value in counted if value is not None]
    return sum(known) if known and len(known) == len(counted) else None


async def total(page_url: str, name: str) -> float | None:
    """Sum over the counter's labels; None when the page cannot be had."""
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(page_url) as answer:
            answer.raise_for_status()
            return sum_of(await answer.text(), name)
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return None


def sum_of(page: str, name: str) -> float:
    """Sum of the samples of a metric in Prometheus text format; 0 without any."""
    lines = [line for line in page.splitlines() if line.startswith((name + " ", name + "{"))]
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines)
