"""Spans by OpenTelemetry itself, up to a collector over HTTP."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from schemas.tracing import Passing
from streams.tracers import open_tracer
from tests.unit.streams import otel_extra
from tests.unit.tracing import PARENT, TRACE


def test_off_is_nothing_and_on_hands_on_where_it_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not open_tracer(False, "embed").on
    monkeypatch.setitem(__import__("sys").modules, "streams.otel", None)  # as where it cannot be imported
    found = open_tracer(True, "embed")
    assert isinstance(found, Passing) and found.begin("embed", PARENT).traceparent == PARENT


class Collector(HTTPServer):
    """Keeps what is sent to it, as it came: path, type, body."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.taken: list[tuple[str, str, bytes]] = []
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()


class Taking(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.taken.append((self.path, self.headers["Content-Type"], body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[Collector]:
    server = Collector()
    yield server
    server.shutdown()
    server.server_close()


def test_the_last_spans_reach_a_collector_before_a_process_ends(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step is a span of the trace that came, its parts are below it, and what goes on from it names it."""
    otel_extra.needed()
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.server_port}")
    tracer = open_tracer(True, "embed")
    step = tracer.begin("embed", PARENT, offset=7)
    assert step.traceparent.startswith(TRACE) and step.traceparent != PARENT
    following = tracer.begin("apply", step.traceparent)
    step.part("encode", 0.5)
    for one in (following, step, tracer.begin("POST /v1/search", b"")):
        one.end()
    tracer.close()
    ((path, kind, body),) = collector.taken
    assert (path, kind) == ("/v1/traces", "application/x-protobuf")
    (sent,) = ExportTraceServiceRequest.FromString(body).resource_spans
    part, apply, embed, search = sent.scope_spans[0].spans
    assert [span.name for span in (part, apply, embed, search)] == ["encode", "apply", "embed", "POST /v1/search"]
    assert {span.trace_id.hex().encode() for span in (part, apply, embed)} == {TRACE[3:35]}
    assert embed.parent_span_id.hex().encode() == PARENT[36:52]
    assert (
        part.parent_span_id == apply.parent_span_id == embed.span_id == bytes.fromhex(step.traceparent[36:52].decode())
    )
    assert search.parent_span_id == b"" and search.trace_id != embed.trace_id
    assert part.end_time_unix_nano - part.start_time_unix_nano == 500_000_000
    assert [(one.key, one.value.int_value) for one in embed.attributes] == [("freshet.offset", 7)]
    assert ("service.name", "freshet-embed") in [(one.key, one.value.string_value) for one in sent.resource.attributes]
