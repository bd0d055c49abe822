"""Where an import stands, kept beside the data folder so that the next run of the same command goes on from there."""

import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

import orjson
import xxhash

from freshet.imports.readers.stored import HEAD_BYTES

FOLDER = "imports"
VERSION = 2


@dataclass(frozen=True)
class Terms:
    """How a file is read, and the log that its events go to."""

    mapping: str
    """Its text."""
    format: str
    encoding: str
    generation: int
    catalog: str = ""
    """Ids of the cluster and of its topic `catalog`; empty for an import that does not read Kafka (--no-wait)."""


@dataclass(frozen=True)
class Identity:
    """What makes two runs the same import: the file as it is, how it is read and mapped, and the log it goes to."""

    path: str
    bytes: int
    modified_ns: int
    head: str
    """xxh3 of the first HEAD_BYTES as stored: a file that was written anew within a clock tick."""
    mapping: str
    """xxh3 of the mapping's text."""
    format: str
    encoding: str
    generation: int
    catalog: str
    """As in Terms: rows that another log has are not in this one."""


@dataclass(frozen=True)
class Checkpoint:
    identity: Identity
    rows: int
    """Rows of the file that are done without a gap."""
    last_number: int
    """Number of the last of them."""
    rejected: int
    began: dict[str, int] = field(default_factory=dict)
    """By partition: the end of `catalog` when the first run began."""


def identity_of(file: Path, terms: Terms) -> Identity:
    with file.open("rb") as stored:
        head = xxhash.xxh3_64_hexdigest(stored.read(HEAD_BYTES))
    found = file.stat()
    return Identity(
        path=str(file.resolve()),
        bytes=found.st_size,
        modified_ns=found.st_mtime_ns,
        head=head,
        mapping=xxhash.xxh3_64_hexdigest(terms.mapping.encode()),
        format=terms.format,
        encoding=terms.encoding,
        generation=terms.generation,
        catalog=terms.catalog,
    )


class CheckpointFile:
    """One per file and shop. Written whole and renamed: a killed run leaves the one before."""

    def __init__(self, data: Path, file: Path, shop: str) -> None:
        name = xxhash.xxh3_64_hexdigest(f"{file.resolve()}\n{shop}".encode())
        self.path = data / FOLDER / f"{name}.json"

    def read(self) -> Checkpoint | None:
        """None when there is none, or none that this version can read."""
        try:
            found = orjson.loads(self.path.read_bytes())
            if found.pop("version") != VERSION:
                return None
            return Checkpoint(Identity(**found.pop("identity")), **found)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def write(self, checkpoint: Checkpoint) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(".part")
        part.write_bytes(orjson.dumps({"version": VERSION, **asdict(checkpoint)}))
        os.replace(part, self.path)

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
