"""A process of searches: as many as can be done, or so many per second whatever becomes of them (an open loop).

    python -m freshet.drills.rush URL closed CLIENTS SECONDS | URL open PER_S SECONDS

What it costs is missing for the shop, which has the same cores: so it talks plain HTTP through `rush_line.py`, and
tells what it took.
"""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from bench.search import built_in_queries
from freshet.drills.rush_line import Lines

GOOD_S: Final = 0.5
"""An answer that comes later, counted from when it was due, helps nobody: the budget of a search is 0.3 s."""
ANSWER_S: Final = 10.0
SETTLED_S: Final = 3.0
"""After the first wave has opened its connections."""
REFUSED: Final = (429, 503)
RETRY_S: Final = 1.0


@dataclass
class Rush:
    """What became of the searches. Seconds: of answers counted from when the search was due, whoever was late; of
    refusals from when it was sent, as this process is late where it shares the cores with the shop."""

    lines: Lines
    requests: list[bytes] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    answered: list[tuple[float, float, bool]] = field(default_factory=list)
    """When it was due, how long it took, whether the answer was whole."""
    refused: list[tuple[float, float]] = field(default_factory=list)
    """When it was due, how long it took once it was sent."""
    sent_late_s: list[float] = field(default_factory=list)
    """How late this process itself was."""
    without_retry_after: int = 0
    cores: float = 0.0
    """What this process took of the machine, on average."""

    def send(self, number: int, due_s: float, then: Callable[[bool], None] = lambda was_let_in: None) -> None:
        """`then` is told whether it was not refused."""
        late_s = self.lines.clock() - due_s
        self.sent_late_s.append(late_s)
        request = self.requests[number * 7 % len(self.requests)]
        self.lines.ask(request, lambda status, head, body: then(self._take(due_s, late_s, status, head, body)))

    def _take(self, due_s: float, late_s: float, status: int, head: bytes, body: bytes) -> bool:
        took_s = self.lines.clock() - due_s
        self.statuses[status] += 1
        if status == 200:
            self.answered.append((due_s, took_s, b'"degraded":[]' in body))
        elif status in REFUSED:
            self.refused.append((due_s, took_s - late_s))
            self.without_retry_after += b"\r\nretry-after:" not in head.lower()
        return status not in REFUSED

    async def closed(self, clients: int, seconds: float) -> None:
        end_s = self.lines.clock() + seconds
        later = asyncio.get_running_loop().call_later

        def again(number: int) -> None:
            if self.lines.clock() < end_s:
                self.send(number, self.lines.clock(), partial(come_back, number + clients))

        def come_back(number: int, was_let_in: bool) -> None:
            # as it was told; who comes back at once is a rush of its own
            later(0.0 if was_let_in else RETRY_S, again, number)

        for first in range(clients):
            again(first)
        await asyncio.sleep(seconds)
        await self.lines.all_answered(ANSWER_S)

    async def open(self, per_s: float, seconds: float) -> None:
        begun_s = self.lines.clock()
        for number in range(round(per_s * seconds)):
            due_s = begun_s + number / per_s
            if (wait_s := due_s - self.lines.clock()) > 0:
                await asyncio.sleep(wait_s)
            self.send(number, due_s)
        await self.lines.all_answered(ANSWER_S)

    def figures(self, begun_s: float, seconds: float) -> dict[str, Any]:
        good = [due_s for due_s, took_s, whole in self.answered if whole and took_s <= GOOD_S]
        bad = [due_s for due_s, took_s, whole in self.answered if not (whole and took_s <= GOOD_S)]
        settled = [took_s for due_s, took_s in self.refused if due_s - begun_s >= SETTLED_S]
        return {
            "asked_per_s": round(self.statuses.total() / seconds, 1),
            "good_per_s": round(len(good) / seconds, 1),
            "late_or_partial": len(bad),
            "answered_p50_s": round(quantile([took_s for _, took_s, _ in self.answered], 0.5), 3),
            "answered_p95_s": round(quantile([took_s for _, took_s, _ in self.answered], 0.95), 3),
            "refused": len(self.refused),
            "refused_p50_s": round(quantile(settled, 0.5), 3),
            "refused_p99_s": round(quantile(settled, 0.99), 3),
            "refused_first_max_s": round(max((took_s for _, took_s in self.refused), default=0.0), 3),
            "sent_late_p99_s": round(quantile(self.sent_late_s, 0.99), 3),
            "without_retry_after": self.without_retry_after,
            "other": sum(n for status, n in self.statuses.items() if status not in (200, *REFUSED)),
            "last_bad_after_s": round(max((due_s - begun_s for due_s in bad), default=0.0), 2),
            "cores": self.cores,
        }


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[int(len(values) * share)] if values else 0.0


def request_of(host: str, text: str) -> bytes:
    body = orjson.dumps({"text": text, "limit": 10})
    head = f"POST /v1/search HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    head += "Cache-Control: no-cache\r\n"  # searches make the rush, not answers that are given again
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def main(url: str, kind: str, amount: float, seconds: float) -> dict[str, Any]:
    place = urlsplit(url)
    host, port = place.hostname or "", place.port or 80
    rush = Rush(Lines(host, port), [request_of(host, text) for text in built_in_queries()])
    run: Callable[[], Awaitable[None]] = (
        (lambda: rush.closed(int(amount), seconds)) if kind == "closed" else (lambda: rush.open(amount, seconds))
    )
    begun_s, cpu_s = rush.lines.clock(), time.process_time()
    await run()
    rush.cores = round((time.process_time() - cpu_s) / (rush.lines.clock() - begun_s), 2)
    return rush.figures(begun_s, seconds)


if __name__ == "__main__":
    found = asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])))
    sys.stdout.buffer.write(orjson.dumps(found))
