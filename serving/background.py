"""Work beside the requests: started with the application, ended with it, and never silently dead."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from schemas.errors import FreshetError
from serving.logs import Log

CANCEL_AGAIN_S = 0.5


@asynccontextmanager
async def repeating(name: str, step: Callable[[], Awaitable[None]], every_s: float, log: Log) -> AsyncIterator[None]:
    """Runs `step` again and again with a pause of `every_s`; an error is logged once until it changes or ends."""
    task = asyncio.create_task(_forever(name, step, every_s, log), name=name)
    try:
        yield
    finally:
        while not task.done():
            task.cancel()  # again: `wait_for` of Python 3.11 loses one that comes as what it waits for is done
            await asyncio.wait({task}, timeout=CANCEL_AGAIN_S)


async def _forever(name: str, step: Callable[[], Awaitable[None]], every_s: float, log: Log) -> None:
    last = ""
    while True:
        try:
            await step()
            last = ""
        except FreshetError as error:
            if error.message != last:
                log.warning("background_waits", work=name, why=error.message)
            last = error.message
        except Exception as error:
            if repr(error) != last:
                log.error("background_failed", work=name, why=repr(error), exc_info=error)
            last = repr(error)
        await asyncio.sleep(every_s)
