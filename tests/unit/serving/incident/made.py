"""A log with answers, events and documents at times that a test chooses."""

from typing import Any

import orjson

from streams.reader import LogRecord
from tests.unit.serving.fakes import FakeReader, outcome

BEGIN_MS = 1_700_000_000_000


class TimedLog(FakeReader):
    """Each record has the time that it is given."""

    def at(self, topic: str, ms: int, value: bytes, partition: int = 0) -> None:
        log = self._records[topic, partition]
        log.append(LogRecord(topic, partition, len(log), b"key", value, BEGIN_MS + ms))


def answer(request_id: str, ms: int, **more: Any) -> bytes:
    """A record of `served`, as JSON."""
    given = {
        "request_id": request_id,
        "at_ms": BEGIN_MS + ms,
        "text": "Desk Lamp",
        "skus": ["a"],
        "found": 1,
        "page": 1,
        "took_ms": 10.0,
        "degraded": [],
        "made_from": [state()],
        "encoder": "e",
    }
    return orjson.dumps(given | more)


def state(replica: int = 0, lineage: str = "first", documents: int = 0, offers: int = 0, partition: int = 0) -> Any:
    return {
        "partition": partition,
        "replica": replica,
        "lineage": lineage,
        "documents_offset": documents,
        "offers_offset": offers,
    }


def decided(offset: int, received: int, **more: Any) -> bytes:
    return outcome(f"1-0-{offset}", received_ms=BEGIN_MS + received, **more).encode()


def document(received: int) -> bytes:
    return orjson.dumps({"sku": "a", "received_ms": BEGIN_MS + received})
