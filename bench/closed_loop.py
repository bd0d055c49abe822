"""Clients that ask again as soon as they are answered: one for latency, several for throughput. Each in a thread."""

import time
from array import array
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

from bench.samples import samples

Q = TypeVar("Q")


def latencies(
    search: Callable[[Q], object],
    queries: Sequence[Q],
    seconds: float,
    clock: Callable[[], float] = time.perf_counter,
) -> "array[float]":
    """Milliseconds of each search of one client, one after the other for so many seconds; at least one."""

    def run() -> "array[float]":
        waits_ms, until_s, at = samples(), clock() + seconds, 0
        while True:
            began_s = clock()
            search(queries[at % len(queries)])
            ended_s = clock()
            waits_ms.append((ended_s - began_s) * 1000)
            at += 1
            if ended_s >= until_s:
                return waits_ms

    with ThreadPoolExecutor(1, thread_name_prefix="client") as thread:
        return thread.submit(run).result()


class Throughput(NamedTuple):
    searches: int
    seconds: float
    """Wall time from the start of the first client to the end of the last."""


def throughput(
    search: Callable[[Q], object],
    queries: Sequence[Q],
    seconds: float,
    clients: int,
    clock: Callable[[], float] = time.perf_counter,
) -> Throughput:
    """Searches answered to `clients` clients at once; each begins at another place in the queries."""
    began_s = clock()
    until_s = began_s + seconds

    def run(client: int) -> int:
        at = start = client * len(queries) // clients
        while clock() < until_s:
            search(queries[at % len(queries)])
            at += 1
        return at - start

    with ThreadPoolExecutor(clients, thread_name_prefix="client") as threads:
        searches = sum(threads.map(run, range(clients)))
    return Throughput(searches, clock() - began_s)
