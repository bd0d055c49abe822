"""Structured logs on stderr: JSON lines for machines, readable on a terminal."""

import logging
import sys
import time
from collections.abc import Callable

import structlog
from structlog.typing import Processor

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
    """Ours through structlog; the libraries' from warnings on, in the same form, and seldom."""
    number = logging.getLevelNamesMapping()[level.upper()]
    renderer: Processor = (
        structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    )
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(Seldom())
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processor=renderer))
    # Kafka 4 makes every other transaction retry once while it verifies it (KIP-890): normal, and not worth a line.
    logging.getLogger("aiokafka.producer.sender").setLevel(logging.ERROR)
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)
