"""A request's trace: it goes on to the shards and the log, its stages are parts of it, and off it costs nothing."""

from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from schemas.errors import Unavailable
from schemas.shards import ShardOnProcess
from schemas.tracing import CURRENT, Handed, Passing, Tracer, within
from serving.shard_http import ShardHttp
from tests.unit.serving.fakes import FakeReader, Tier
from tests.unit.tracing import PARENT, Remembering

HEADERS = {"traceparent": PARENT.decode()}
EVENT = {"type": "delete", "sku": "a"}


class Listening(FakeReader):
    """A log that hears in which trace each record is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[str, bytes]] = []

    def send(self, topic: str, *args: Any, **kwargs: Any) -> Any:
        span = CURRENT.get()
        self.heard.append((topic, span.traceparent if span else b""))
        return super().send(topic, *args, **kwargs)


async def test_a_search_is_a_span_with_its_stages() -> None:
    tracer = Remembering()
    async with Tier(tracer=tracer) as tier:
        await tier.client.post("/v1/search", json={"text": "lamp"}, headers=HEADERS)
        (step,) = tracer.steps
        assert (step.name, step.parent, step.ended) == ("POST /v1/search", PARENT, True)
        assert {"encode", "shard-0"} <= set(step.parts)


async def test_what_begins_a_trace_and_what_only_goes_on_with_one() -> None:
    tracer = Remembering()
    async with Tier(tracer=tracer) as tier:
        await tier.client.get("/healthz")
        assert tracer.steps == []
        await tier.client.get("/healthz", headers=HEADERS)
        await tier.client.post("/v1/search", json={"text": "lamp"}, headers={"traceparent": "no such thing"})
        assert [(step.name, step.parent) for step in tracer.steps] == [
            ("GET /healthz", PARENT),
            ("POST /v1/search", b""),
        ]


@pytest.mark.parametrize(("tracer", "heard"), [(Passing(on=True), PARENT), (Passing(on=False), b"")])
async def test_a_change_goes_into_the_log_with_its_trace(tracer: Tracer, heard: bytes) -> None:
    log = Listening()
    async with Tier(log=log, tracer=tracer) as tier:
        assert (await tier.client.post("/v1/catalog", json=EVENT, headers=HEADERS)).status == 202
        assert ("catalog", heard) in log.heard


async def test_a_question_to_a_shard_names_the_span_and_without_one_nothing() -> None:
    heard: list[str | None] = []

    async def answer(request: web.Request) -> web.Response:
        heard.append(request.headers.get("traceparent"))
        return web.Response(status=500)

    app = web.Application()
    app.router.add_route("*", "/search", answer)
    server = TestServer(app)
    await server.start_server()
    async with ClientSession() as session:
        http, url = ShardHttp(session), str(server.make_url("/search"))
        for span in (Handed(PARENT), Handed(b"")):
            with within(span), pytest.raises(Unavailable):
                await http.ask(url, 30.0, ShardOnProcess, b"{}")
    await server.close()
    assert heard == [PARENT.decode(), None]
