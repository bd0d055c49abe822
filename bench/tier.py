"""What a core of the query tier answers: requests against the CPU time of its own processes, whatever else runs there.

Clients are threads that send prepared bytes and wait, so that they take little of the machine: first each asks again as
soon as it is answered, then requests come at fixed times, half as many a second.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
import psutil

from bench.http_client import Endpoint, Refused
from bench.latency import summary
from bench.machine import load, machine
from bench.search import built_in_queries
from bench.shop import ShopError

PATH: Final = "/v1/search"
WARM_S: Final = 1.0
"""Before each measurement: connections are open, and what is asked once is kept."""
RETRY_S: Final = 1.0
"""Who is refused comes back then, as it is told to: a tier that answers too slowly lets in fewer than ask."""
PLAIN: Final[Mapping[str, Any]] = {"fallback": [], "typos": False}
"""What a shop does not have would be searched twice, and such an answer is never kept."""
Clock = Callable[[], float]


@dataclass(frozen=True)
class Ways:
    """Bodies of requests, asked in turn by all clients together; whether answers that were given before may come."""

    bodies: Sequence[bytes]
    kept: bool


def ways() -> dict[str, Ways]:
    """`cached`: one search again and again; `uncached`: another one each time, embedded and searched."""
    bodies = [orjson.dumps({"text": text, "limit": 10, **PLAIN}) for text in built_in_queries()]
    return {"cached": Ways(bodies[:1], True), "uncached": Ways(bodies, False)}


def request_of(host: str, body: bytes, key: str, kept: bool) -> bytes:
    lines = [f"POST {PATH} HTTP/1.1", f"Host: {host}", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += [f"X-Freshet-Key: {key}"] if key else []
    lines += [] if kept else ["Cache-Control: no-cache"]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Clients:
    """So many connections, each in a thread of its own. Close them. Raises RuntimeError for what is no 200 and no
    429."""

    def __init__(self, url: str, clients: int, key: str, clock: Clock = time.perf_counter) -> None:
        parts = urlsplit(url)
        self._host, self._key, self._clock = parts.netloc, key, clock
        self._ends = [Endpoint(parts.hostname or "", parts.port or 80) for _ in range(clients)]
        self.refused: Counter[Endpoint] = Counter()
        self.retry_s = RETRY_S

    def close(self) -> None:
        for end in self._ends:
            end.close()

    def ask_again(self, way: Ways, seconds: float) -> tuple[int, float]:
        """Requests that were answered, and the seconds it took, when each client asks as soon as it is answered."""
        began_s, turns = self._clock(), count()
        asked = self._prepared(way)

        def run(end: Endpoint) -> int:
            answered = 0
            while self._clock() < began_s + seconds:
                answered += self._ask(end, asked[next(turns) % len(asked)], self.retry_s)
            return answered

        return sum(self._each(run)), self._clock() - began_s

    def ask_at(self, way: Ways, seconds: float, rate_per_s: float) -> list[float]:
        """Milliseconds from the intended time of each request until it was answered."""
        began_s, turns = self._clock(), count()
        asked, all_of_them = self._prepared(way), max(1, round(rate_per_s * seconds))

        def run(end: Endpoint) -> list[float]:
            waits_ms: list[float] = []
            while (turn := next(turns)) < all_of_them:
                intended_s = began_s + turn / rate_per_s
                time.sleep(max(0.0, intended_s - self._clock()))
                if self._ask(end, asked[turn % len(asked)], 0.0):
                    waits_ms.append((self._clock() - intended_s) * 1000)
            return waits_ms

        return [one for waits_ms in self._each(run) for one in waits_ms]

    def _ask(self, end: Endpoint, request: bytes, wait_s: float) -> bool:
        """Whether it was answered; who was not waits."""
        try:
            end.ask(request)
        except Refused:
            self.refused[end] += 1
            time.sleep(wait_s)
            return False
        return True

    def answer(self, way: Ways) -> Any:
        return orjson.loads(self._ends[0].ask(self._prepared(way)[0]))

    def _prepared(self, way: Ways) -> list[bytes]:
        return [request_of(self._host, body, self._key, way.kept) for body in way.bodies]

    def _each(self, run: Callable[[Endpoint], Any]) -> list[Any]:
        with ThreadPoolExecutor(len(self._ends), thread_name_prefix="client") as threads:
            return list(threads.map(run, self._ends))


def cpu_s(pids: Mapping[str, int]) -> dict[str, float]:
    """User and system time by process."""
    times = {name: psutil.Process(pid).cpu_times() for name, pid in pids.items()}
    return {name: spent.user + spent.system for name, spent in times.items()}


def measure_tier(
    url: str, pids: Mapping[str, int], *, seconds: float, clients: int, key: str = "", now: Clock = time.perf_counter
) -> dict[str, Any]:
    """`pids`: the tier's own processes, by name. Raises ShopError when answers are not given again."""
    load_before = load()
    asking = Clients(url, clients, key, now)
    try:
        found = {name: _measured(asking, way, pids, seconds) for name, way in ways().items()}
    finally:
        asking.close()
    return {
        "servers": len(pids),
        "clients": clients,
        "machine": machine(),
        "load_before": load_before,
        "load_after": load(),
        "ways": found,
    }


def _measured(asking: Clients, way: Ways, pids: Mapping[str, int], seconds: float) -> dict[str, Any]:
    asking.ask_again(way, min(WARM_S, seconds))
    if way.kept and not asking.answer(way).get("cached"):
        raise ShopError("an answer is not given again: products change, or FRESHET_ANSWER_CACHE_MB is 0")
    asking.refused.clear()
    before = cpu_s(pids)
    requests, took_s = asking.ask_again(way, seconds)
    spent = {name: after - before[name] for name, after in cpu_s(pids).items()}
    half = requests / took_s / 2
    waits_ms = asking.ask_at(way, seconds, half)
    return {
        "requests": requests,
        "per_s": round(requests / took_s, 1),
        "per_core_s": round(requests / cores, 1) if (cores := sum(spent.values())) else None,
        "cores": {name: round(one / took_s, 2) for name, one in spent.items()},
        "at_half": {"per_s": round(half, 1), **summary(waits_ms)},
        "refused": asking.refused.total(),
    }
