"""Which tracer a process has: none, one that only hands on, or OpenTelemetry's where that is installed."""

from importlib.metadata import version

import structlog

from schemas.tracing import NOT_TRACED, Passing, Tracer

log = structlog.get_logger()


def open_tracer(on: bool, process: str) -> Tracer:
    """`on`: the setting `tracing`."""
    if not on:
        return NOT_TRACED
    try:
        from streams.otel import over_otlp
    except ImportError as error:
        log.info("traces are handed on without spans", reason=str(error), hint="install freshet[otel]")
        return Passing(on=True)
    return over_otlp(process, version("freshet"))
