"""Ends connections that hold memory for nothing: of clients that do not take their answer, and of too many at once.

Who does not send a request is cut off by others: after `KEEPALIVE_S` for its head, `bodies.READ_S_MAX` for its body.
"""

import asyncio
import resource
from collections.abc import Callable
from typing import Any, Final

from schemas.metrics import Metrics

CONNECTIONS_MAX: Final = 20_000
FILES_KEPT: Final = 512
"""Of the files that the process may have open: for shards, Kafka, Redis and logs."""
TAKEN_S_MAX: Final = 60.0
"""An answer that has not been taken for so long is given up."""
LOOK_EVERY_S: Final = 5.0


def connections_max() -> int:
    """As many as there can be files, after as many as the system allows have been asked for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS_MAX + FILES_KEPT
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return CONNECTIONS_MAX if soft == resource.RLIM_INFINITY else max(1, min(CONNECTIONS_MAX, soft - FILES_KEPT))


class Patience:
    """For one event loop. `at_most`: connections at once."""

    def __init__(self, at_most: int, metrics: Metrics, clock: Callable[[], float]) -> None:
        self._at_most = at_most
        self._clock = clock
        self._full_since: dict[Any, float | None] = {}
        """By transport, since when there has been something to take; None: all was taken."""
        self._open = metrics.gauge("freshet_connections")
        self._cut = metrics.counter("freshet_connections_cut_total")

    def came(self, transport: asyncio.BaseTransport) -> bool:
        """Whether there is room for it; if not it is closed."""
        if len(self._full_since) >= self._at_most:
            self._cut.labels(reason="too_many").inc()
            _abort(transport)
            return False
        self._full_since[transport] = None
        self._open.set(len(self._full_since))
        return True

    def went(self, transport: asyncio.BaseTransport) -> None:
        self._full_since.pop(transport, None)
        self._open.set(len(self._full_since))

    async def look(self) -> None:
        now_s = self._clock()
        for transport, since_s in list(self._full_since.items()):
            if not transport.get_write_buffer_size():
                self._full_since[transport] = None
            elif since_s is None:
                self._full_since[transport] = now_s
            elif now_s - since_s > TAKEN_S_MAX:
                self._cut.labels(reason="not_taken").inc()
                _abort(transport)


def _abort(transport: Any) -> None:
    """Without waiting until what was written is taken."""
    transport.abort()
