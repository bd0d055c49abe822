"""A process of searches: as many as can be done, or so many per second whatever becomes of them (an open loop).

    python -m freshet.drills.rush URL closed CLIENTS SECONDS | URL open PER_S SECONDS

It talks plain HTTP over kept connections, since a real client library would cost more of the two cores than the shop.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson

from bench.search import built_in_queries

GOOD_S = 0.5
"""An answer that comes later, counted from when it was due, helps nobody: the budget of a search is 0.3 s."""
ANSWER_S = 10.0
SETTLED_S = 3.0
"""After the first wave has opened its connections."""
REFUSED = (429, 503)
RETRY_S = 1.0


@dataclass
class Rush:
    """What became of the searches; seconds, each counted from when it was due."""

    host: str
    port: int
    texts: list[str] = field(default_factory=built_in_queries)
    statuses: Counter[int] = field(default_factory=Counter)
    answered: list[tuple[float, float, bool]] = field(default_factory=list)
    """When it was due, how long it took, whether the answer was whole."""
    refused: list[tuple[float, float]] = field(default_factory=list)
    """When it was due, how long it took."""
    sent_late_s: list[float] = field(default_factory=list)
    """How late this process itself was."""
    without_retry_after: int = 0
    _idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = field(default_factory=list)

    async def one(self, number: int, due_s: float) -> bool:
        """Whether it was not refused."""
        clock = asyncio.get_running_loop().time
        self.sent_late_s.append(clock() - due_s)
        try:
            async with asyncio.timeout(ANSWER_S):
                status, head, answer = await self._ask(self.texts[number * 7 % len(self.texts)])
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            status, head, answer = 0, b"", {}
        self.statuses[status] += 1
        if status == 200:
            self.answered.append((due_s, clock() - due_s, not answer["degraded"]))
        elif status in REFUSED:
            self.refused.append((due_s, clock() - due_s))
            self.without_retry_after += b"retry-after:" not in head.lower()
        return status not in REFUSED

    async def _ask(self, text: str) -> tuple[int, bytes, Any]:
        body = orjson.dumps({"text": text, "limit": 10})
        pair = self._idle.pop() if self._idle else await asyncio.open_connection(self.host, self.port)
        reader, writer = pair
        head = f"POST /v1/search HTTP/1.1\r\nHost: {self.host}\r\nContent-Type: application/json\r\n"
        head += "Cache-Control: no-cache\r\n"  # searches make the rush, not answers that are given again
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        try:
            head_bytes = await reader.readuntil(b"\r\n\r\n")
            length = int(head_bytes.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            answer = await reader.readexactly(length)
        except BaseException:
            writer.close()
            raise
        self._idle.append(pair)
        status = int(head_bytes[9:12])
        return status, head_bytes, orjson.loads(answer) if status == 200 else {}

    async def closed(self, clients: int, seconds: float) -> None:
        clock = asyncio.get_running_loop().time
        end_s = clock() + seconds

        async def client(first: int) -> None:
            number = first
            while clock() < end_s:
                if not await self.one(number, clock()):
                    await asyncio.sleep(RETRY_S)  # as it was told; who comes back at once is a rush of its own
                number += clients

        await asyncio.gather(*(client(first) for first in range(clients)))

    async def open(self, per_s: float, seconds: float) -> None:
        clock = asyncio.get_running_loop().time
        begun_s, under_way = clock(), set[asyncio.Task[bool]]()
        for number in range(round(per_s * seconds)):
            due_s = begun_s + number / per_s
            if (wait_s := due_s - clock()) > 0:
                await asyncio.sleep(wait_s)
            task = asyncio.create_task(self.one(number, due_s))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        await asyncio.gather(*under_way)

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
        }


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[int(len(values) * share)] if values else 0.0


async def main(url: str, kind: str, amount: float, seconds: float) -> dict[str, Any]:
    place = urlsplit(url)
    rush = Rush(place.hostname or "", place.port or 80)
    run: Callable[[], Awaitable[None]] = (
        (lambda: rush.closed(int(amount), seconds)) if kind == "closed" else (lambda: rush.open(amount, seconds))
    )
    begun_s = asyncio.get_running_loop().time()
    await run()
    return rush.figures(begun_s, seconds)


if __name__ == "__main__":
    found = asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4])))
    sys.stdout.buffer.write(orjson.dumps(found))
