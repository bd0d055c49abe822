"""Talks to a running Freshet over HTTP; every refusal becomes an error of the tree with what the server said."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import aiohttp
import orjson

from schemas.errors import InvalidRequest, Overloaded, Problem, Unavailable

TIMEOUT_S = 30.0
RETRY_AFTER_S_MAX = 60.0
NDJSON = "application/x-ndjson"
NOT_SERVED = frozenset({"unknown_sku", "deleted", "waiting_for_encoder"})


class HttpDoor:
    """A client of one base URL, `http://127.0.0.1:8400`. Use it as an async context manager.

    Calls raise Overloaded (429, 503 with Retry-After), Unavailable (nothing answers, other 5xx), InvalidRequest (4xx).
    """

    def __init__(self, url: str, key: str = "") -> None:
        self.url = url.rstrip("/")
        self._headers = {"X-Freshet-Key": key} if key else {}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        self._session = aiohttp.ClientSession(headers=self._headers, timeout=timeout)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session:
            await self._session.close()

    async def get(self, path: str) -> Any:
        return await self._call("GET", path, None, "")

    async def delete(self, path: str) -> Any:
        return await self._call("DELETE", path, None, "")

    async def post(self, path: str, body: Mapping[str, Any] | None) -> Any:
        sent = orjson.dumps(body) if body is not None else None
        return await self._call("POST", path, sent, "application/json")

    async def post_lines(self, path: str, lines: list[bytes]) -> Any:
        """One event a line. An answer that refuses every line is an answer, not an error: it says why for each."""
        return await self._call("POST", path, b"\n".join(lines), NDJSON)

    async def product(self, sku: str) -> dict[str, Any] | None:
        """The product as a search would show it; None when it would not."""
        try:
            found = await self.get(f"/v1/skus/{quote(sku, safe='')}")
        except InvalidRequest as error:
            if error.code in NOT_SERVED:
                return None
            raise
        return found["hit"] if isinstance(found, dict) else None

    async def _call(self, method: str, path: str, body: bytes | None, content_type: str) -> Any:
        assert self._session is not None, "use `async with`"
        headers = {"Content-Type": content_type} if body is not None else {}
        try:
            async with self._session.request(method, self.url + path, data=body, headers=headers) as answer:
                data = await answer.read()
        except TimeoutError:
            raise Unavailable(
                f"{self.url}{path} did not answer within {TIMEOUT_S:g} s", hint="see: freshet status"
            ) from None
        except aiohttp.ClientError as error:
            raise Unavailable(f"nothing answers at {self.url}: {error}", hint="start it with: freshet up") from None
        said = _json(data)
        if answer.status < 400 or (answer.status == 400 and isinstance(said, dict) and "events" in said):
            return said
        raise refusal(answer.status, answer.headers.get("Retry-After"), said, f"{method} {path}")


def refusal(status: int, retry_after: str | None, said: Any, what: str) -> InvalidRequest | Unavailable:
    """The error for an answer of 400 or more; `said` is its problem document, if it has one."""
    told = said if isinstance(said, dict) else {}
    message = f"{what} answered {status}: {told.get('detail') or told.get('title') or 'no reason given'}"
    hint = str(told.get("hint") or "")
    if status in (429, 503):
        return Overloaded(message, retry_after_s=_seconds(retry_after), hint=hint)
    if status >= 500:
        return Unavailable(message, hint=hint or "see: freshet logs serving")
    problems = tuple(
        Problem(str(item.get("field", "")), str(item.get("problem", "")))
        for item in told.get("problems", [])
        if isinstance(item, dict)
    )
    code = str(told.get("code") or ("not_found" if status == 404 else "refused"))
    return InvalidRequest(code, message, problems, hint=hint)


def _seconds(retry_after: str | None) -> float:
    try:
        return min(RETRY_AFTER_S_MAX, max(0.1, float(retry_after or 1)))
    except ValueError:  # a date: allowed by RFC 9110, not sent by us
        return 1.0


def _json(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
