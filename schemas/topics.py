"""The topics: names, keys, what they hold and how long, in one table that `freshet topics create` applies."""

from dataclasses import dataclass
from typing import Literal

DAY_MS = 86_400_000
REPLAY_HORIZON_MS = 7 * DAY_MS
"""Inside it every event is kept, for replay; beyond it the newest per SKU, for a rebuild."""
RECORD_BYTES_MAX = 4_000_000
"""A derived record holds an event of at most 1 MB, its vector and JSON or base64 overhead."""


@dataclass(frozen=True)
class Topic:
    name: str
    key: str
    holds: str
    per: Literal["sku", "one"]
    """`sku`: as many partitions as `catalog`, co-partitioned with it. `one`: a single partition."""
    cleanup: Literal["delete", "compact"]
    retention_ms: int

    def config(self) -> dict[str, str]:
        """Kafka's topic settings. LogAppendTime: a producer's wrong clock must not make retention delete early."""
        settings = {
            "cleanup.policy": self.cleanup,
            "message.timestamp.type": "LogAppendTime",
            "max.message.bytes": str(RECORD_BYTES_MAX),
        }
        if self.cleanup == "compact":
            return settings | {"min.compaction.lag.ms": str(self.retention_ms)}
        return settings | {"retention.ms": str(self.retention_ms)}


TOPICS: tuple[Topic, ...] = (
    Topic("catalog", "sku", "upserts, patches and deletes as the merchant sent them", "sku", "delete", 7 * DAY_MS),
    Topic("contents", "sku", "whole content after each event that changed it", "sku", "compact", REPLAY_HORIZON_MS),
    Topic("offers", "sku", "whole offer after each accepted event", "sku", "compact", REPLAY_HORIZON_MS),
    Topic("documents", "sku", "content with its vector", "sku", "compact", REPLAY_HORIZON_MS),
    Topic("outcomes", "event id", "what became of each catalogue event", "sku", "delete", 7 * DAY_MS),
    Topic("clicks", "session", "views, clicks, carts and purchases", "sku", "delete", 30 * DAY_MS),
    Topic("rules", "rule set", "merchandising rules", "one", "compact", REPLAY_HORIZON_MS),
    Topic("served", "request", "what was asked and answered, and from which state", "sku", "delete", 7 * DAY_MS),
    Topic("dead-letters", "original key", "what could not be processed, whole", "one", "delete", 30 * DAY_MS),
)
BY_NAME = {topic.name: topic for topic in TOPICS}


def topic_name(name: str, generation: int) -> str:
    """`catalog` in the first generation, `catalog.2` in the second: re-sharding writes new topics beside the old."""
    if name not in BY_NAME:
        raise KeyError(f"{name!r} is not a Freshet topic; they are {', '.join(BY_NAME)}")
    return name if generation == 1 else f"{name}.{generation}"
