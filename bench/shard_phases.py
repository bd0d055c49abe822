"""The phases of a measurement: windows of latency and throughput that take turns, at rest and in the stream."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from bench.shard_figures import Phase, Stretch
from bench.subject import Subject

SHORTEST_WINDOW_S = 0.05
"""What is left of a leg below this is not measured."""
NEAR_END_S = 0.02
SETTLED_S = 0.5
"""After the stream begins, before the first window: it has reached its pace."""


class Clients(Protocol):
    """Who searches: threads in the shard's process, or processes over HTTP."""

    def latency(self, seconds: float) -> dict[str, Any]:
        """`waits_ms` (packed) of one client."""

    def throughput(self, seconds: float) -> dict[str, Any]:
        """`searches`, `seconds` of all clients."""


class Threads:
    """Clients in the measured process itself."""

    def __init__(self, subject: Subject, clients: int, **which: bool) -> None:
        """`which`: said with each command; `merged=True` searches the merged view."""
        self._subject, self._clients, self._which = subject, clients, which

    def latency(self, seconds: float) -> dict[str, Any]:
        return self._subject.ask("latency", seconds=seconds, **self._which)

    def throughput(self, seconds: float) -> dict[str, Any]:
        return self._subject.ask("throughput", seconds=seconds, clients=self._clients, **self._which)


class Processes:
    """Clients in processes of their own, one connection each; the first is also the one that latency is taken from."""

    def __init__(self, clients: Sequence[Subject], depth: int) -> None:
        """`depth`: candidates that each search asks for."""
        self._clients, self._depth = clients, depth
        for client in clients:
            client.ask("prepare", depth=depth)

    def latency(self, seconds: float) -> dict[str, Any]:
        return self._clients[0].ask("run", seconds=seconds, depth=self._depth)

    def throughput(self, seconds: float) -> dict[str, Any]:
        for client in self._clients:
            client.tell("run", seconds=seconds, depth=self._depth)
        answers = [client.answer() for client in self._clients]
        return {
            "searches": sum(answer["searches"] for answer in answers),
            "seconds": max(answer["seconds"] for answer in answers),
            "cpu_s": sum(answer["cpu_s"] for answer in answers),
        }


class OnMerged:
    """The same clients while the shard's process answers from its merged view."""

    def __init__(self, clients: Clients, shard: Subject) -> None:
        self._clients, self._shard = clients, shard

    def latency(self, seconds: float) -> dict[str, Any]:
        return self._of_merged(self._clients.latency, seconds)

    def throughput(self, seconds: float) -> dict[str, Any]:
        return self._of_merged(self._clients.throughput, seconds)

    def _of_merged(self, window: Callable[[float], dict[str, Any]], seconds: float) -> dict[str, Any]:
        self._shard.ask("answer_from", merged=True)
        try:
            return window(seconds)
        finally:
            self._shard.ask("answer_from", merged=False)


def rest(phases: Sequence[tuple[Phase, Clients]], seconds: float) -> None:
    """One window of each kind for each of those that are compared, in turn."""
    for phase, clients in phases:
        phase.add_latency(clients.latency(seconds))
    for phase, clients in phases:
        phase.add_throughput(clients.throughput(seconds))


def leg(
    shard: Subject,
    phases: Sequence[tuple[Phase, Clients]],
    stretch: Stretch,
    rate: float,
    last: int,
    window_s: float,
    before_end: Callable[[], None],
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Streams up to record `last` at `rate` and measures meanwhile, in windows of about `window_s` that take turns.

    `before_end` is called while the stream still flows.
    """
    left = last - shard.ask("position")["next"]
    shard.ask("stream", rate=rate, last=last)
    until_s: float = clock() + left / rate
    time.sleep(min(SETTLED_S, left / rate / 4))
    windows = 2 * len(phases)
    rounds = max(1, round((until_s - clock()) / (windows * window_s)))
    window_s = (until_s - clock()) / (windows * rounds)

    def left_s() -> float:
        return min(window_s, until_s - clock() - NEAR_END_S)

    for _ in range(rounds):
        for phase, clients in phases:
            if (seconds := left_s()) >= SHORTEST_WINDOW_S:
                phase.add_latency(clients.latency(seconds))
                stretch.add(shard.ask("flow"))
        for phase, clients in phases:
            if (seconds := left_s()) >= SHORTEST_WINDOW_S:
                phase.add_throughput(clients.throughput(seconds))
                stretch.add(shard.ask("flow"))
    before_end()
    stretch.add(shard.ask("stop"))
