"""Where a session looks: its vector from Redis, else made again from its history and put back beside the request."""

import asyncio
import base64
from collections.abc import Callable
from contextlib import suppress
from typing import Literal, NamedTuple

from encoders.session_vector import is_sound, session_vector
from schemas.errors import Unavailable
from schemas.metrics import Metrics
from schemas.sessions import VECTOR_MS, History, SessionVector
from schemas.shard_messages import Taste
from streams.item_vectors import ItemMemory
from streams.sessions import Sessions

TIMEOUT_S = 0.1
"""For all of it; a search that has less left gives it less."""
PUTTING_MAX = 100
"""Vectors on their way back to Redis at once; one more is not put back."""
PROBE_EVERY_S = 0.5
"""How often a Redis that was away is asked whether it is back, so that no request has to try."""


class Leaning(NamedTuple):
    """What a search knows of its session."""

    history: History
    fp16: str
    """base64 of little-endian fp16, shape (dim,): what the shards get and what is logged."""
    source: Literal["kept", "made"]
    strength: float

    @property
    def taste(self) -> Taste:
        return Taste(vector=self.fp16, strength=self.strength)


class Tastes:
    """`encoder_id` names the encoder of the queries: only vectors of the same one are used."""

    def __init__(
        self,
        sessions: Sessions,
        items: ItemMemory,
        metrics: Metrics,
        strength: float,
        encoder_id: Callable[[], str],
    ) -> None:
        self._sessions = sessions
        self._items = items
        self._from = metrics.counter("freshet_session_vectors_total")
        self._strength = strength
        self._encoder_id = encoder_id
        self._putting: set[asyncio.Task[int]] = set()

    @property
    def on(self) -> bool:
        return self._strength > 0

    async def of(self, session: str, timeout_s: float) -> Leaning | None:
        """None when nothing is known of the session. Raises Unavailable, also when all of it takes longer."""
        try:
            async with asyncio.timeout(timeout_s):
                leaning = await self._look_up(session, timeout_s)
        except TimeoutError:
            self._from.labels(result="away").inc()
            raise Unavailable(f"the session was not looked up within {timeout_s:g} s") from None
        except Unavailable:
            self._from.labels(result="away").inc()
            raise
        self._from.labels(result=leaning.source if leaning else "none").inc()
        return leaning

    async def _look_up(self, session: str, timeout_s: float) -> Leaning | None:
        known = await self._sessions.read(session)
        if known is None:
            return None
        vector, source = known.vector, "kept"
        if vector is None or vector.encoder != self._encoder_id() or not is_sound(vector.fp16):
            vector, source = await self._make(session, known.history, timeout_s), "made"
        if vector is None:
            return None
        fp16 = base64.b64encode(vector.fp16).decode()
        return Leaning(known.history, fp16, "kept" if source == "kept" else "made", self._strength)

    async def _make(self, session: str, history: History, timeout_s: float) -> SessionVector | None:
        found = await self._items.of([item.sku for item in history.items], timeout_s)
        if found.vectors and found.encoder != self._encoder_id():
            raise Unavailable(f"the shards hold vectors of {found.encoder}, queries are of {self._encoder_id()}")
        vector = session_vector(history, found.encoder, found.vectors)
        if vector is not None and len(self._putting) < PUTTING_MAX:
            put = asyncio.create_task(self._put(session, vector, VECTOR_MS - round(found.age_s * 1000)))
            self._putting.add(put)
            put.add_done_callback(self._putting.discard)
        return vector

    async def _put(self, session: str, vector: SessionVector, ttl_ms: int) -> int:
        with suppress(Unavailable):  # full or away: the next search makes it again
            return await self._sessions.put({session: vector}, ttl_ms)
        return 0

    async def close(self) -> None:
        """Ends what is on its way back."""
        for task in self._putting:
            task.cancel()
        await asyncio.gather(*self._putting, return_exceptions=True)
