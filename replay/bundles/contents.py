"""What lies in a bundle: a tar of one list of contents, the records of answers, slices of the log, and snapshots.

bundle.json             `Bundle`
served.jsonl            a `Served` a line
log/TOPIC-PARTITION     a `Line` a line
base/NUMBER/            one snapshot each: its files and its manifest
"""

from typing import Final, Literal

from schemas.records import Record

FORMAT: Final = 1
CONTENTS: Final = "bundle.json"
SERVED: Final = "served.jsonl"
BUNDLE_BYTES_MAX: Final = 4_000_000_000
"""Of all files together, before they are packed."""
ANSWERS_MAX: Final = 1_000
"""A bundle reproduces an incident; of more answers `freshet replay slice` tells. All are in memory, 160 KB each."""


class BundledPart(Record):
    """Of one topic of one partition."""

    topic: Literal["documents", "offers"]
    partition: int
    begin: int
    end: int
    """Offsets; the log is whole between them."""


class Bundle(Record):
    format: Literal[1] = FORMAT
    code: str
    """Version of Freshet that packed it."""
    made_ms: int
    generation: int
    partitions: int
    cluster_id: str
    topic_ids: dict[str, str]
    recall: float
    """FRESHET_RECALL of a shard that is built from the log; a snapshot has its own."""
    digest_every: int
    parts: list[BundledPart]
    bases: list[str]
    """Folders of snapshots."""


class Line(Record):
    """One record of the log."""

    offset: int
    key: str | None = None
    """base64, as the value."""
    value: str | None = None
    timestamp_ms: int


def log_file(topic: str, partition: int) -> str:
    return f"log/{topic}-{partition}.jsonl"
