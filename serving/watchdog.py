"""Watches the event loop: how late it runs a timer is how late it runs everything."""

import asyncio
from collections.abc import Callable

from schemas.metrics import Metrics
from serving.logs import Log

TICK_S = 0.1
LATE_S = 0.25


async def tick(
    clock: Callable[[], float], metrics: Metrics, log: Log, tell: Callable[[float], None], tick_s: float = TICK_S
) -> None:
    """Sleeps once, records and tells how many seconds later it woke; a line in the log when that is beyond LATE_S."""
    started_s = clock()
    await asyncio.sleep(tick_s)
    late_s = max(0.0, clock() - started_s - tick_s)
    metrics.gauge("freshet_loop_lag_seconds").set(late_s)
    tell(late_s)
    if late_s > LATE_S:
        log.warning("loop_late", late_s=round(late_s, 3))
