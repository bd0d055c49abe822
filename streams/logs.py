"""Structured logs on stderr: JSON lines for machines, readable on a terminal."""

import logging
import sys
import time
from collections.abc import Callable
from types import TracebackType

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from schemas.errors import FreshetError
from schemas.secrets import without_keys

SAME_LINE_EVERY_S = 10.0


class Seldom(logging.Filter):
    """Lets the same message of a library pass once in SAME_LINE_EVERY_S: without Kafka there are twenty a second."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._last_s: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        key, now_s = (record.name, str(record.msg)), self._clock()
        if now_s - self._last_s.get(key, -SAME_LINE_EVERY_S) < SAME_LINE_EVERY_S:
            return False
        self._last_s[key] = now_s
        return True


def configure_logs(level: str) -> None:
    """Ours through structlog; the libraries' and Python's from warnings on, in the same form, and seldom."""
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Callable[..., str | bytes]
    if sys.stderr.isatty():
        renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    else:
        shared.append(structlog.processors.format_exc_info)
        renderer = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, keyless(renderer)],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(Seldom())
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processor=keyless(renderer)))
    # Kafka 4 makes every other transaction retry once while it verifies it (KIP-890): normal, and not worth a line.
    logging.getLogger("aiokafka.producer.sender").setLevel(logging.ERROR)
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)
    logging.captureWarnings(True)
    sys.excepthook = _uncaught


def keyless(render: Callable[..., str | bytes]) -> Processor:
    """Renders a line, and blacks out what looks like a key: a library may log the request that it could not read."""

    def rendered(logger: WrappedLogger, method: str, event: EventDict) -> str:
        line = render(logger, method, event)
        return without_keys(line if isinstance(line, str) else line.decode())

    return rendered


def log_refusal(error: FreshetError) -> None:
    """The last words of a process that cannot run: a sentence on a terminal, a line like all others elsewhere."""
    if sys.stderr.isatty():
        print(f"error: {error.message}" + (f"; {error.hint}" if error.hint else ""), file=sys.stderr)
        return
    if not structlog.is_configured():  # the settings themselves were refused
        configure_logs("info")
    structlog.get_logger().error(error.message, **({"hint": error.hint} if error.hint else {}))


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    structlog.get_logger().critical("uncaught", error=repr(error), exc_info=(kind, error, trace))
