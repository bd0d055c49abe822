"""Reads one counter from a process's metrics page."""

import aiohttp

TIMEOUT_S = 5.0


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
