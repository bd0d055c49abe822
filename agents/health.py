"""A worker's own small HTTP page: /healthz, /readyz, /metrics."""

import os
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from aiohttp import web
from prometheus_client import generate_latest

from agents.connection_age import ConnectionAge
from schemas.metrics import Metrics


class Health:
    """What a worker says of itself. `facts` adds counts; `ready` says why it is not, or an empty text."""

    def __init__(
        self, process: str, metrics: Metrics, ready: Callable[[], str], facts: Callable[[], dict[str, Any]]
    ) -> None:
        self._process = process
        self._metrics = metrics
        self._ready = ready
        self._facts = facts
        self._started = time.monotonic()
        self._version = version("freshet")  # once: while the package is reinstalled there is none
        metrics.gauge("freshet_build_info").labels(process, self._version).set(1)

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/healthz", self.healthz)
        app.router.add_get("/readyz", self.readyz)
        app.router.add_get("/metrics", self.metrics)

    async def healthz(self, request: web.Request) -> web.Response:
        return web.json_response(
            {
                "process": self._process,
                "pid": os.getpid(),
                "version": self._version,
                "uptime_s": round(time.monotonic() - self._started, 1),
                "ready": not self._ready(),
                **self._facts(),
            }
        )

    async def readyz(self, request: web.Request) -> web.Response:
        why_not = self._ready()
        return web.json_response({"ready": not why_not, "reason": why_not}, status=503 if why_not else 200)

    async def metrics(self, request: web.Request) -> web.Response:
        self._metrics.gauge("freshet_ready").set(not self._ready())
        return web.Response(body=generate_latest(self._metrics.registry), content_type="text/plain")


def runner_of(app: web.Application, clock: Callable[[], float] = time.monotonic) -> web.AppRunner:
    """Who hangs up is worked for no more: a search may have been answered by another replica."""
    app.on_response_prepare.append(ConnectionAge(clock).last_answer)
    return web.AppRunner(app, access_log=None, handler_cancellation=True)


async def listen(app: web.Application, host: str, port: int) -> int:
    """Serves the app until the process ends; returns the port that was bound."""
    runner = runner_of(app)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    await site.start()
    return int(runner.addresses[0][1])
