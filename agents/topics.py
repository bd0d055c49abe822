"""The topics of the generation a worker belongs to."""

from dataclasses import dataclass

from schemas.topics import topic_name


@dataclass(frozen=True)
class Topics:
    generation: int
    partitions: int
    """Of `catalog`, and of all that is co-partitioned with it."""

    def name(self, base: str) -> str:
        return topic_name(base, self.generation)
