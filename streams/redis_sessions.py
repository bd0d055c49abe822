"""Sessions in Redis: one script per update, one round trip per read, and a breaker instead of waiting."""

import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from schemas.clicks import CLICK_TYPES
from schemas.errors import Unavailable
from schemas.sessions import (
    HISTORY_MS,
    SESSION_ITEMS_MAX,
    Counted,
    History,
    Known,
    Place,
    SessionClick,
    SessionVector,
    history_left_ms,
)
from streams.redis_client import connect
from streams.session_format import COUNT, FORGET, PUT, history_head, read_history, read_vector, write_vector

TIMEOUT_S = 0.05
SLOW_S = 0.02
"""An answer that takes longer is slow."""
SLOW_IN_A_ROW = 3
"""So many slow answers are as bad as none: the breaker opens."""
CLICKS_PER_CALL_MAX = 100
T = TypeVar("T")


def keys(generation: int, session: str) -> tuple[str, str]:
    """Of the history and the vector. The braces keep both on one node of a Redis cluster."""
    place = f"freshet:{generation}:{{{session}}}"
    return f"{place}:h", f"{place}:v"


class RedisSessions:
    """See `Sessions`. When Redis is away or slow, `broken` becomes true and every call fails at once, until `probe`."""

    def __init__(
        self,
        url: str,
        generation: int,
        timeout_s: float = TIMEOUT_S,
        slow_s: float = SLOW_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redis = connect(url, timeout_s)
        self._generation = generation
        self._slow_s = slow_s
        self._clock = clock
        self._slow = 0
        self.broken = False

    async def count(self, log: int, clicks: Sequence[SessionClick], now_ms: int) -> list[Counted]:
        by_session: dict[str, list[SessionClick]] = {}
        for click in clicks:
            by_session.setdefault(click.session, []).append(click)
        pipe = self._redis.pipeline(transaction=False)
        pipe.script_load(COUNT)  # after a restart Redis knows no script; loading it again costs less than asking
        script = self._redis.register_script(COUNT).sha
        calls = [call for one in by_session.values() for call in _in_parts(one)]
        for call in calls:
            arguments = [part for click in call for part in _arguments(click)]
            key = keys(self._generation, call[0].session)[0]
            left_ms = history_left_ms(call[-1], now_ms)
            pipe.evalsha(script, 1, key, log, SESSION_ITEMS_MAX, HISTORY_MS, left_ms, len(CLICK_TYPES), *arguments)
        answers = (await self._ask(pipe.execute))[1:]
        found: dict[str, Counted] = {}
        for call, (counted, raw) in zip(calls, answers, strict=True):
            session = call[0].session
            history = _counted_history(raw, Place(log, call[-1].offset))
            before = found.get(session, Counted(session, 0, 0, history))
            found[session] = Counted(session, before.clicks + counted, before.duplicates + len(call) - counted, history)
        return list(found.values())

    async def read(self, session: str) -> Known | None:
        raw, raw_vector = await self._ask(lambda: self._redis.mget(*keys(self._generation, session)))
        try:
            history = read_history(raw) if isinstance(raw, bytes) else None
        except ValueError:
            return None  # written by somebody else: the next click writes a new one
        if history is None or not history.items:
            return None
        try:
            vector = read_vector(raw_vector) if isinstance(raw_vector, bytes) else None
        except ValueError:
            vector = None
        return Known(history, vector if vector and vector.place == history.place else None)

    async def put(self, vectors: Mapping[str, SessionVector], ttl_ms: int) -> int:
        pipe = self._redis.pipeline(transaction=False)
        pipe.script_load(PUT)
        script = self._redis.register_script(PUT).sha
        for session, vector in vectors.items():
            names = keys(self._generation, session)
            pipe.evalsha(script, 2, *names, history_head(vector.place), write_vector(vector), ttl_ms)
        return sum((await self._ask(pipe.execute))[1:])

    async def forget(self, session: str) -> bool:
        names = keys(self._generation, session)
        return bool(await self._ask(lambda: self._redis.eval(FORGET, 2, *names)))

    async def probe(self) -> None:
        """Closes the breaker when Redis answers, and fast; until then it stays open. Raises Unavailable."""
        started_s = self._clock()
        await self._answer(self._redis.ping)
        if self._clock() - started_s > self._slow_s:
            raise Unavailable("Redis is slow")
        self.broken, self._slow = False, 0

    async def close(self) -> None:
        await self._redis.aclose()

    async def _ask(self, command: Callable[[], Awaitable[T]]) -> T:
        if self.broken:
            raise Unavailable("Redis did not answer a moment ago")
        started_s = self._clock()
        answer = await self._answer(command)
        self._slow = self._slow + 1 if self._clock() - started_s > self._slow_s else 0
        self.broken = self._slow >= SLOW_IN_A_ROW
        return answer

    async def _answer(self, command: Callable[[], Awaitable[T]]) -> T:
        try:
            return await command()
        except (RedisConnectionError, RedisTimeoutError, TimeoutError, OSError) as error:
            self.broken = True
            raise Unavailable(f"Redis does not answer: {type(error).__name__}", hint="see: freshet status") from error
        except RedisError as error:
            raise Unavailable(f"Redis refuses: {error}", hint="its memory may be full: see maxmemory") from error


def _counted_history(raw: bytes, place: Place) -> History:
    """One without items when the script keeps what cannot be read here: no vector is made from it, no worker stops."""
    try:
        return read_history(raw)
    except ValueError:
        return History(place, ())


def _in_parts(clicks: Sequence[SessionClick]) -> Iterator[Sequence[SessionClick]]:
    for start in range(0, len(clicks), CLICKS_PER_CALL_MAX):
        yield clicks[start : start + CLICKS_PER_CALL_MAX]


def _arguments(click: SessionClick) -> tuple[Any, ...]:
    return click.offset, click.at_ms, CLICK_TYPES.index(click.type), click.sku
