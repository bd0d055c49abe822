"""What Kafka holds of the events of a drill, and how each was decided: counted from the topics themselves."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from freshet.runtime.stack_state import StackState
from schemas.records import EventId, Outcome, decode
from schemas.topics import topic_name
from streams.reader import Reader


@dataclass(frozen=True)
class Books:
    acked: frozenset[str]
    """Ids of the events that were acknowledged to the merchant."""
    acked_twice: int
    """Ids that were given to two events."""
    in_log: frozenset[str]
    decided: Counter[str]
    """How often `agents.catalog` decided each."""

    @property
    def lost(self) -> list[str]:
        """Acknowledged, and Kafka does not hold it."""
        return sorted(self.acked - self.in_log)

    @property
    def unaccounted(self) -> list[str]:
        """In the log, and without an outcome."""
        return sorted(self.in_log - self.decided.keys())

    @property
    def duplicates(self) -> list[str]:
        """Decided more than once."""
        return sorted(event_id for event_id, count in self.decided.items() if count > 1)

    @property
    def invented(self) -> list[str]:
        """Decided, and not in the log."""
        return sorted(self.decided.keys() - self.in_log)

    def figures(self) -> dict[str, Any]:
        return {
            "acked": len(self.acked),
            "in_the_log": len(self.in_log),
            "lost": len(self.lost),
            "unaccounted": len(self.unaccounted),
            "duplicates": len(self.duplicates) + self.acked_twice,
        }


def read_books(state: StackState, acked: Collection[str]) -> Books:
    """All of both topics. Raises Unavailable while Kafka is away."""
    reader = Reader(state.kafka)
    in_log: set[str] = set()
    decided: Counter[str] = Counter()
    try:
        for partition in range(state.partitions):
            for topic in ("catalog", "outcomes"):
                name = topic_name(topic, state.generation)
                first, _ = reader.begin_end(name, partition)
                for records in reader.read(name, partition, first):
                    if topic == "catalog":
                        in_log.update(str(EventId(state.generation, partition, one.offset)) for one in records)
                    else:
                        outcomes = (decode(Outcome, one.value or b"") for one in records)
                        decided.update(one.event_id for one in outcomes if one.by == "catalog")
    finally:
        reader.close()
    return Books(frozenset(acked), len(acked) - len(set(acked)), frozenset(in_log), decided)
