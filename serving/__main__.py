"""`python -m serving`: the query tier as one process; logs on stderr, nothing on stdout."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping

import uvloop

from schemas.errors import FreshetError, SettingsError
from schemas.settings import ServingSettings, read

EXIT_FAILED = 1
EXIT_USAGE = 2
REQUESTS_END_S = 3.5
"""Requests in hand get so long once connections are closed; with what is then sent to Kafka it is DRAIN_S at most."""
DRAIN_S = 10.0
KEEPALIVE_S = 75.0


async def serve(environ: Mapping[str, str]) -> None:
    """Runs until SIGTERM or SIGINT. Raises SettingsError, and FreshetError when it cannot listen or take over."""
    # Read when numpy loads: many small products in many threads cost more than they save.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # structlog would load it, a seventh of a second, for tracebacks that our logs do not show.
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type]
    import structlog
    from aiohttp import web

    from serving.app import create_app
    from serving.background import repeating
    from serving.closing import CLOSE_S, Closing
    from serving.doorkeeper import Doorkeeper
    from serving.listening import listen, listen_inside, tell_ready, until_ready
    from serving.middleware import UNLESS_SET
    from serving.patience import LOOK_EVERY_S, Patience, connections_max
    from serving.wiring import build
    from streams.freed_memory import keep_small
    from streams.logs import configure_logs

    settings = read(ServingSettings, environ)
    configure_logs(settings.log_level)
    log = structlog.get_logger()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    wiring, closing = await build(settings, log), Closing()
    app = create_app(wiring)
    app.on_response_prepare.append(closing.last_answer)
    runner = web.AppRunner(
        app,
        access_log=None,
        auto_decompress=False,
        shutdown_timeout=REQUESTS_END_S,
        keepalive_timeout=KEEPALIVE_S,
    )
    await runner.setup()
    try:
        if settings.ready_fd >= 0 and not await until_ready(wiring, stop):
            return
        assert runner.server is not None
        patience = Patience(connections_max(), wiring.metrics, wiring.clock)
        keeper = Doorkeeper(
            wiring.searching, wiring.metrics, wiring.new_request_id, UNLESS_SET, lambda: not closing.began, patience
        )
        protocols = keeper.before(runner.server)
        servers = [await listen(protocols, settings)]
        if settings.inside_port:
            servers.append(await listen_inside(protocols, settings.inside_port))
        if settings.ready_fd >= 0:
            tell_ready(settings.ready_fd)
        host, port = servers[0].sockets[0].getsockname()[:2]
        keep_small()
        log.info("listening", process="serving", host=host, port=port, pid=os.getpid())
        async with repeating("patience", patience.look, LOOK_EVERY_S, log):
            await stop.wait()
        log.info("draining", seconds_max=CLOSE_S + DRAIN_S)
        for server in servers:
            server.close()
        wiring.feed.close()
        wiring.beside.close()
        await closing.finish(lambda: len(runner.server.connections) if runner.server else 0)
    finally:
        async with asyncio.timeout(DRAIN_S):
            await runner.cleanup()


def main() -> int:
    """Exit codes: 0 after a clean stop, 1 failed, 2 wrong settings."""
    try:
        uvloop.run(serve(os.environ))
    except FreshetError as error:
        from streams.logs import log_refusal

        log_refusal(error)
        return EXIT_USAGE if isinstance(error, SettingsError) else EXIT_FAILED
    except TimeoutError:
        from streams.logs import log_refusal

        log_refusal(FreshetError(f"the clean-up took longer than {DRAIN_S:g} s"))
        return EXIT_FAILED
    return 0


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # a read of the log that hangs in its thread must not hold the process
