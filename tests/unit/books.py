"""The log of a shop in memory whose agents have done their work: for what reads the log afterwards."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson

from agents.catalog import decide_batch
from agents.decide import SkuState
from agents.embed import embed_batch
from agents.faults import Faults
from agents.partitions import group_of
from agents.topics import Topics
from streams.memory import MemoryLog
from streams.reader import LogRecord
from streams.transactions import Outgoing

DIM = 4
TOPICS = Topics(1, 1)


class FourNumbers:
    """An encoder: a vector of length 1 for each text, none for one that asks for it."""

    id, dim, texts_encoded = "four", DIM, 0

    def encode_texts(self, texts: Sequence[str]) -> "np.ndarray[Any, Any]":
        if len(texts) == 1 and "unusable" in texts[0]:
            raise ValueError("no")
        if any("unusable" in text for text in texts):
            raise ValueError("one of them")
        return np.array([[1.0, 0.0, 0.0, 0.0] for _ in texts], dtype=np.float32)


class Books(MemoryLog):
    """The log of a shop whose agents have done their work."""

    def __init__(self) -> None:
        super().__init__()
        self.done: dict[str, int] = {}
        self.states: dict[str, SkuState | None] = {}
        self.after: dict[str, int] = {}

    def committed(self, group: str, topic: str, partitions: list[int]) -> dict[int, int]:
        return dict.fromkeys(partitions, self.done.get(group, 0))

    def begin_end(self, topic: str, partition: int) -> tuple[int, int]:
        low = self.after.get(topic, 0)
        return low, super().begin_end(topic, partition)[1]

    def put(self, topic: str, key: bytes | None, value: bytes | None) -> None:
        self.send(topic, key, value, 0)

    def merchant(self, *events: dict[str, Any]) -> None:
        for event in events:
            self.put("catalog", event["sku"].encode(), orjson.dumps(event))

    def work(self) -> None:
        """What the agents do, each with all that is new in one batch."""
        for agent, base in (("catalog", "catalog"), ("embed", "contents")):
            group, (_, end) = group_of(agent, 1), self.begin_end(base, 0)
            new = [one for batch in self.read(base, 0, self.done.get(group, 0), end) for one in batch]
            if agent == "catalog":
                made: list[Outgoing] = decide_batch(new, lambda _: None, TOPICS, Faults(), self.states).outgoing
            else:
                made = embed_batch(new, FourNumbers(), TOPICS, Faults(), lambda _: None).outgoing  # type: ignore[arg-type]
            for one in made:
                self.put(one.topic, one.key, one.value)
            self.done[group] = end

    def drop(self, topic: str, nth: int) -> LogRecord:
        """As if it had never been written."""
        log = self._records[(topic, 0)]
        gone = log.pop(nth)
        self._records[(topic, 0)] = [one._replace(offset=offset) for offset, one in enumerate(log)]
        return gone

    def change(self, topic: str, nth: int, **fields: Any) -> None:
        log = self._records[(topic, 0)]
        value = orjson.dumps(orjson.loads(log[nth].value or b"") | fields)
        log[nth] = log[nth]._replace(value=value)

    def again(self, topic: str, nth: int) -> None:
        record = self._records[(topic, 0)][nth]
        self.put(topic, record.key, record.value)


def upsert(sku: str, title: str) -> dict[str, Any]:
    return {"type": "upsert", "sku": sku, "title": title}
