"""`python -m freshet.demo URL`: the demo as a child of the stack, until SIGTERM."""

import asyncio
import os
import signal
import sys
import time

import structlog

from freshet.demo.catalogue import assortment
from freshet.demo.declared import FOLDER
from freshet.demo.running import Demo
from freshet.demo.wishes import Wishes
from freshet.exit_codes import FAILED, OK
from freshet.http_door import HttpDoor
from schemas.errors import FreshetError
from schemas.settings import ServingSettings, read
from streams.logs import configure_logs


async def serve(url: str) -> int:
    settings = read(ServingSettings, os.environ)
    configure_logs(settings.log_level)
    log = structlog.get_logger("demo")
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    wishes = Wishes(settings.data / FOLDER)
    with wishes.held() as ours:
        if not ours:
            log.error("another process is the demo of this folder already")
            return FAILED
        async with HttpDoor(url, settings.admin_key) as door:
            try:
                await Demo(assortment(), door, wishes, stop, time.monotonic, log.info, stays=True).run()
            except FreshetError as error:
                log.error(error.message, hint=error.hint)
                return FAILED
    return OK


if __name__ == "__main__":
    sys.exit(asyncio.run(serve(sys.argv[1])))
