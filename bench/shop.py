"""What a benchmark does to a running Freshet over HTTP: send events, change prices, search."""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import aiohttp

TIMEOUT_S = 30.0
RETRIES_MAX = 20
TRIES_MAX = 5
"""A degraded answer is asked for again so often: it would judge the load."""
PAUSE_S = 0.5
DURATION = re.compile(r"([^\s,;]+);dur=([0-9.]+)")
Event = Mapping[str, Any]
Place = tuple[int, int]
"""(generation, offset): the order of an event."""


class ShopError(RuntimeError):
    """The system answered something a benchmark cannot go on with."""


class Shop:
    """A client of one base URL. Use it as an async context manager."""

    def __init__(self, url: str, key: str = "", *, unkept: bool = False) -> None:
        """`unkept`: each query is embedded anew, as that of a new visitor is."""
        self._url = url.rstrip("/")
        self._headers = {
            **({"X-Freshet-Key": key} if key else {}),
            "Cache-Control": "no-store" if unkept else "no-cache",  # searches are measured
        }
        self._session: aiohttp.ClientSession | None = None
        self.slowed = 0
        """Requests that were refused with 429 or 503 and sent again."""

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            headers=self._headers,
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
            connector=aiohttp.TCPConnector(limit=0),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session:
            await self._session.close()

    async def upsert(self, product: Event) -> Place:
        """Sends one product; returns the order of the event once Kafka has it."""
        return event_order(await self._write("POST", "/v1/catalog", {"type": "upsert", **product}))

    async def patch(self, sku: str, changes: Event) -> Place:
        return event_order(await self._write("PATCH", f"/v1/catalog/{sku}", changes))

    async def click(self, click: Event) -> None:
        """Returns once Kafka has it."""
        await self._write("POST", "/v1/clicks", click)

    async def delete_all(self, skus: Sequence[str], batch: int = 500) -> None:
        for start in range(0, len(skus), batch):
            lines = [json.dumps({"type": "delete", "sku": sku}) for sku in skus[start : start + batch]]
            await self._write("POST", "/v1/catalog", "\n".join(lines).encode(), "application/x-ndjson")

    async def search(self, body: Event) -> tuple[int, dict[str, Any]]:
        """Status and answer; an answer that is not JSON, or none at all, counts as status 0."""
        status, answer, _ = await self.timed_search(body)
        return status, answer

    async def timed_search(self, body: Event) -> tuple[int, dict[str, Any], dict[str, float]]:
        """As `search`, and milliseconds by stage, where they are told."""
        return await self._ask("/v1/search", body)

    async def whole(self, body: Event) -> dict[str, Any]:
        """The answer to a search with all its parts. Raises ShopError when it stays incomplete."""
        for _ in range(TRIES_MAX):
            status, answer = await self.search(body)
            if status == 200 and not answer.get("degraded"):
                return answer
            await asyncio.sleep(PAUSE_S)
        asked, missing = body["text"], answer.get("degraded")
        raise ShopError(f"the search {asked!r} gave status {status}, degraded {missing}, {TRIES_MAX} times")

    async def journey(self, sku: str) -> dict[str, Any]:
        """Empty when it is not answered."""
        assert self._session is not None
        try:
            async with self._session.get(f"{self._url}/v1/skus/{sku}/journey") as answer:
                found: dict[str, Any] = await answer.json(content_type=None) if answer.status == 200 else {}
                return found
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return {}

    async def suggest(self, body: Event) -> tuple[int, dict[str, Any]]:
        """As `search`."""
        status, answer, _ = await self._ask("/v1/suggest", body)
        return status, answer

    async def _ask(self, path: str, body: Event) -> tuple[int, dict[str, Any], dict[str, float]]:
        assert self._session is not None
        try:
            async with self._session.post(self._url + path, json=body) as answer:
                spent_ms = stage_times(answer.headers.get("Server-Timing", ""))
                return answer.status, await answer.json(content_type=None), spent_ms
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return 0, {}, {}

    async def _write(
        self,
        method: str,
        path: str,
        body: Event | bytes,
        content_type: str = "application/json",
    ) -> Any:
        assert self._session is not None
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        for _ in range(RETRIES_MAX):
            headers = {"Content-Type": content_type}
            async with self._session.request(method, self._url + path, data=data, headers=headers) as answer:
                if answer.status in (429, 503):
                    self.slowed += 1
                    await asyncio.sleep(float(answer.headers.get("Retry-After", "1")))
                    continue
                text = await answer.text()
                if answer.status >= 400:
                    raise ShopError(f"{method} {path} answered {answer.status}: {text[:300]}")
                return json.loads(text)
        raise ShopError(f"{method} {path} was refused {RETRIES_MAX} times (429 or 503)")


def stage_times(timing: str) -> dict[str, float]:
    """Milliseconds by name of a header `Server-Timing`, such as `tier;dur=9.1, encode;dur=3.2`."""
    return {name: float(ms) for name, ms in DURATION.findall(timing)}


def event_order(answer: Any) -> Place:
    """The order in an event id `generation-partition-offset` of a 202 answer. Raises ShopError when there is none."""
    events = answer.get("events") if isinstance(answer, dict) else None
    event_id = events[0].get("event_id") if events else answer.get("event_id") if isinstance(answer, dict) else None
    if not event_id:
        raise ShopError(f"the answer names no event: {str(answer)[:300]}")
    generation, _, offset = str(event_id).split("-")
    return int(generation), int(offset)
