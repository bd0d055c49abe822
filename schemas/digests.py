"""What a shard says of its digests: at fixed offsets of the log, and when they were last computed anew."""

from typing import Final, Literal

from pydantic import Field

from schemas.strict import Strict

OFFSET_HEADER: Final = "X-Freshet-Offset"
"""Of the buckets of a shard: next offset of the topic at which they were taken."""
DIGEST_HEADER: Final = "X-Freshet-Digest"
"""What the log made the digest of that topic there."""
Digest = Literal["documents", "offers", "structure"]
"""Over the newest document per SKU, the newest offer per SKU, and how the vectors are laid out in segments."""


class Checkpoint(Strict):
    """The state of one topic exactly after the record before `offset`, whatever the batches were."""

    offset: int
    """Next offset of the topic."""
    digest: str
    """32 hex digits."""
    structure: str = ""
    """32 hex digits over the segments; empty for offers, and where there are no segments."""


class Checkpoints(Strict):
    """The last eight of each topic, oldest first; a shard that was restored begins with none."""

    documents: list[Checkpoint] = Field(default_factory=list)
    offers: list[Checkpoint] = Field(default_factory=list)


class Scrubbed(Strict):
    """The last time that all that a shard holds was read and hashed again."""

    ended_ms: int
    """ms since 1970."""
    took_s: float
    documents_offset: int
    """Next offsets of the state that was looked at."""
    offers_offset: int
    skus: int
    """How many were hashed."""
    differing: list[Digest]
    """Digests that are not what the log made them, or what stands for them beside the records; empty: all is well."""
    damaged_files: list[str] = Field(default_factory=list)
    """Of the segments, by name."""
