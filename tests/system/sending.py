"""A merchant of the tests: sends raw records to `catalog`, and draws catalogues that mix every kind of event."""

import random
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from confluent_kafka import KafkaError, Message, Producer

from schemas.records import EventId
from schemas.topics import RECORD_BYTES_MAX, topic_name
from streams.partitioner import LIBRDKAFKA_NAME
from tests.waiting import LIMIT_S

POISON = (b"\x80\x81\xfe", b'{"type": "upsert", "sku":', b"[]", b'{"type": "upsert", "sku": "P-1", "title": 7}')


class Merchant:
    """Sends to one generation of a topic and remembers the id of every event that Kafka has acknowledged."""

    def __init__(self, kafka: str, generation: int, base: str = "catalog") -> None:
        self._topic = topic_name(base, generation)
        self._generation = generation
        self._lock = threading.Lock()
        self._acked: list[str] = []
        self.refused: list[str] = []
        self._producer = Producer(
            {
                "bootstrap.servers": kafka,
                "enable.idempotence": True,
                "partitioner": LIBRDKAFKA_NAME,
                "message.max.bytes": RECORD_BYTES_MAX,
                "linger.ms": 2,
                "log_level": 2,
            }
        )

    def send(self, event: Mapping[str, Any]) -> None:
        """An event as JSON, keyed by its SKU."""
        self.send_raw(str(event["sku"]).encode(), orjson.dumps(event))

    def send_raw(self, key: bytes | None, value: bytes | None, partition: int = -1) -> None:
        """Any record at all; partition -1: the partitioner decides."""
        self._producer.produce(self._topic, value, key, partition, self._delivered)
        self._producer.poll(0)

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        with self._lock:
            if error is not None:
                self.refused.append(error.str())
            else:
                at = EventId(self._generation, int(message.partition() or 0), int(message.offset() or 0))
                self._acked.append(str(at))

    def flush(self) -> list[str]:
        """Waits for Kafka; the ids of all events that it has acknowledged so far, in that order."""
        left = self._producer.flush(LIMIT_S)
        assert left == 0, f"{left} events were not acknowledged within {LIMIT_S:g} s"
        with self._lock:
            return list(self._acked)


class Stream:
    """Sends events at a steady rate in the background, as long as the `with` block lasts."""

    def __init__(self, merchant: Merchant, events: Iterator[tuple[bytes, bytes]], rate: float) -> None:
        self._merchant = merchant
        self._events = events
        self._rate = rate
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="merchant", daemon=True)

    def __enter__(self) -> "Stream":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        started = time.monotonic()
        for number, (key, value) in enumerate(self._events):
            if self._stop.wait(max(0.0, started + number / self._rate - time.monotonic())):
                return
            self._merchant.send_raw(key, value)


def mixed_events(random_: random.Random, skus: int, prefix: str = "S") -> Iterator[tuple[bytes, bytes]]:
    """Endless (key, value) pairs over a few SKUs: creations, changes, prices, deletes, old versions, poison."""
    while True:
        sku = f"{prefix}-{random_.randrange(skus)}"
        kind = random_.choices(("upsert", "patch", "price", "delete", "poison"), (40, 20, 25, 10, 5))[0]
        if kind == "poison":
            yield sku.encode(), random_.choice(POISON)
            continue
        event: dict[str, Any] = {"sku": sku}
        if random_.random() < 0.5:
            event["version"] = random_.randrange(20)
        if kind == "upsert":
            event |= {"type": "upsert", "title": f"Lamp {random_.randrange(6)}", "brand": random_.choice(["Ar", "Bo"])}
            event |= {"price": {"amount": float(random_.randrange(9)), "currency": "EUR"}}
        elif kind == "patch":
            event |= {"type": "patch", "description": f"shade {random_.randrange(9)}"}
        elif kind == "price":
            event |= {"type": "patch", "price": {"amount": float(random_.randrange(99)), "currency": "EUR"}}
        else:
            event |= {"type": "delete"}
        yield sku.encode(), orjson.dumps(event)
