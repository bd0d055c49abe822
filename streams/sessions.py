"""Where sessions are kept: what the session worker writes and the query tier reads."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from schemas.sessions import Counted, Known, SessionClick, SessionVector


class Sessions(Protocol):
    """Everything in it can be lost without harm. Every call raises Unavailable when the store is away, slow or full."""

    async def count(self, log: int, clicks: Sequence[SessionClick], now_ms: int) -> list[Counted]:
        """Counts clicks of one partition in the order of their offsets, each once, however often it is handed over.

        One result per session. A history ends HISTORY_MS after its last click was written.
        """
        ...

    async def read(self, session: str) -> Known | None:
        """None when nothing is known."""
        ...

    async def put(self, vectors: Mapping[str, SessionVector], ttl_ms: int) -> int:
        """Keeps vectors by session for `ttl_ms`, but none whose history has gone on or was forgotten since.

        Returns how many it kept.
        """
        ...

    async def forget(self, session: str) -> bool:
        """Removes the items and the vector; False when there were none. Clicks that were counted stay refused."""
        ...

    async def probe(self) -> None:
        """Whether it is worth asking again, after a failure."""
        ...
