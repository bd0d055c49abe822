"""One question to one shard process over HTTP: whatever is not a good answer in time becomes an error of the tree."""

import asyncio
from typing import Final, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from schemas.errors import Overloaded, Unavailable
from schemas.tracing import TRACEPARENT, current
from serving.router import RefusedQuestion
from serving.shard_connections import ShardConnections, Strange, TooLarge

ANSWER_BYTES_MAX: Final = 64_000_000
JSON_HEADERS: Final = b"Content-Type: application/json\r\n"
T = TypeVar("T", bound=BaseModel)


class ShardHttp:
    """Messages name no address: callers from outside see them."""

    def __init__(self, answer_bytes_max: int = ANSWER_BYTES_MAX) -> None:
        self._connections = ShardConnections(answer_bytes_max)
        self._answer_bytes_max = answer_bytes_max

    async def ask(self, url: str, timeout_s: float, model: type[T], body: bytes | None = None) -> T:
        """GET, or POST with a body of JSON. Raises Unavailable, Overloaded or RefusedQuestion."""
        method, headers = ("GET", b"") if body is None else ("POST", JSON_HEADERS)
        if traceparent := current():
            headers += b"%b: %b\r\n" % (TRACEPARENT.encode(), traceparent)
        try:
            async with asyncio.timeout(timeout_s):
                status, answer = await self._connections.ask(method, url, headers, body or b"")
            if status != 200:
                raise _refused(status, answer)
            return model.model_validate_json(answer)
        except ValidationError as error:
            raise Unavailable(f"the shard answered something else than {model.__name__}") from error
        except TooLarge as error:
            raise Unavailable(f"the shard answered more than {self._answer_bytes_max:,} bytes") from error
        except (OSError, Strange) as error:
            raise Unavailable(f"the shard does not answer: {type(error).__name__}") from error

    def close(self) -> None:
        """Once nothing is asked any more."""
        self._connections.close()


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
