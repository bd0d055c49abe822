"""Spans by OpenTelemetry, sent to a collector over OTLP: the only file that knows it, and it need not be installed.

Where to, how often and what is sampled say OpenTelemetry's own variables (OTEL_EXPORTER_OTLP_ENDPOINT and others).
"""

import threading
import time

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanProcessor
from opentelemetry.trace import Span as OtelSpan
from opentelemetry.trace import Tracer as OtelTracing
from opentelemetry.trace import set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from schemas.tracing import TRACEPARENT

CLOSE_S = 2.0
"""A process that ends waits so long for its last spans to be taken."""
HEADERS = TraceContextTextMapPropagator()


class OtelStep:
    def __init__(self, spans: OtelTracing, span: OtelSpan) -> None:
        self._spans = spans
        self._span = span
        self._context = set_span_in_context(span, Context())
        carrier: dict[str, str] = {}
        HEADERS.inject(carrier, self._context)
        self.traceparent = carrier.get(TRACEPARENT, "").encode()

    def part(self, name: str, took_s: float) -> None:
        end_ns = time.time_ns()
        begin_ns = end_ns - int(took_s * 1e9)
        self._spans.start_span(name, self._context, start_time=begin_ns).end(end_ns)

    def end(self) -> None:
        self._span.end()


class OtelTracer:
    on = True

    def __init__(self, process: str, version: str, processor: SpanProcessor) -> None:
        resource = Resource.create({SERVICE_NAME: f"freshet-{process}", SERVICE_VERSION: version})
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._spans = self._provider.get_tracer("freshet")

    def begin(self, name: str, parent: bytes, **facts: str | int) -> OtelStep:
        context = HEADERS.extract({TRACEPARENT: parent.decode()}, Context()) if parent else Context()
        attributes = {f"freshet.{key}": value for key, value in facts.items()}
        return OtelStep(self._spans, self._spans.start_span(name, context, attributes=attributes))

    def close(self) -> None:
        sending = threading.Thread(target=self._provider.shutdown, name="last-spans", daemon=True)
        sending.start()
        sending.join(CLOSE_S)  # its own limit is 30 s while the exporter tries again


def over_otlp(process: str, version: str) -> OtelTracer:
    return OtelTracer(process, version, BatchSpanProcessor(OTLPSpanExporter()))
