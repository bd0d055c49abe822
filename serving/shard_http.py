"""One question to one shard process over HTTP: whatever is not a good answer in time becomes an error of the tree."""

from typing import Final, TypeVar

import aiohttp
import orjson
from pydantic import BaseModel, ValidationError
from yarl import URL

from schemas.errors import Overloaded, Unavailable
from schemas.tracing import TRACEPARENT, current
from serving.router import RefusedQuestion

ANSWER_BYTES_MAX: Final = 64_000_000
JSON_HEADERS: Final = {"Content-Type": "application/json"}
T = TypeVar("T", bound=BaseModel)


class ShardHttp:
    """Messages name no address: callers from outside see them."""

    def __init__(self, session: aiohttp.ClientSession, answer_bytes_max: int = ANSWER_BYTES_MAX) -> None:
        self._session = session
        self._answer_bytes_max = answer_bytes_max

    async def ask(self, url: str, timeout_s: float, model: type[T], body: bytes | None = None) -> T:
        """GET, or POST with a body of JSON. Raises Unavailable, Overloaded or RefusedQuestion."""
        method, headers = ("GET", None) if body is None else ("POST", JSON_HEADERS)
        if traceparent := current():
            headers = {**(headers or {}), TRACEPARENT: traceparent.decode()}
        timeout = aiohttp.ClientTimeout(total=timeout_s)
        try:
            async with self._session.request(
                method, URL(url, encoded=True), data=body, headers=headers, timeout=timeout
            ) as response:
                answer = await self._read(response)
                if response.status != 200:
                    raise _refused(response.status, answer)
                return model.model_validate_json(answer)
        except ValidationError as error:
            raise Unavailable(f"the shard answered something else than {model.__name__}") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise Unavailable(f"the shard does not answer: {type(error).__name__}") from error

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        parts, size = [], 0
        async for part in response.content.iter_any():
            size += len(part)
            if size > self._answer_bytes_max:
                raise Unavailable(f"the shard answered more than {self._answer_bytes_max:,} bytes")
            parts.append(part)
        return b"".join(parts)


def _refused(status: int, body: bytes) -> Unavailable:
    """What an answer other than 200 means, by the code that a shard process gives."""
    if status == 400:
        return RefusedQuestion("the shard refused the question")
    if status == 503 and _code(body) == "over_budget":
        return Overloaded("the shard has too much to do", retry_after_s=0.5)
    return Unavailable(f"the shard answered {status}")


def _code(body: bytes) -> str:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    return str(found.get("code", "")) if isinstance(found, dict) else ""
