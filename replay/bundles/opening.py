"""Opens a bundle: what rebuilds its shards, without the shop that it came from."""

import base64
import tarfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import orjson

from agents.topics import Topics
from index_snapshots.borrowing import borrow
from index_snapshots.builder import BuilderHere
from index_snapshots.inventory import snapshots
from index_snapshots.pacing import Pacing
from replay.bundles.contents import BUNDLE_BYTES_MAX, CONTENTS, FORMAT, SERVED, Bundle, Line, log_file
from replay.shards.bases import Base
from replay.shards.rebuilding import Rebuilding, names_of
from replay.shards.rebuilt import TOPICS, Place
from schemas.errors import FreshetError, StateRefused
from schemas.facets import parse_facets
from schemas.records import decode
from schemas.served import Served
from streams.reader import LogRecord
from streams.topics import Cluster


class Opened(NamedTuple):
    bundle: Bundle
    records: list[Served]
    rebuilding: Rebuilding


def unpack(path: Path, folder: Path, bytes_max: int = BUNDLE_BYTES_MAX) -> None:
    """Into an empty folder, and never out of it. Raises StateRefused for what is no bundle, or is too large."""
    try:
        with tarfile.open(path, "r:gz") as tar:
            left = bytes_max
            for member in tar:
                left -= member.size
                if left < 0:
                    raise StateRefused(f"{path} holds more than {bytes_max:,} bytes")
                tar.extract(member, folder, filter="data")
    except (OSError, tarfile.TarError, EOFError) as error:
        raise StateRefused(f"{path} is no bundle, or is damaged: {error}") from error


def opened(folder: Path, work: Path) -> Opened:
    """Of what was unpacked; shards are rebuilt below `work`. Raises StateRefused for what is damaged, or newer."""
    try:
        contents = (folder / CONTENTS).read_bytes()
        made_by = orjson.loads(contents)
        if made_by["format"] != FORMAT:
            raise StateRefused(f"the bundle has format {made_by['format']}, this version of Freshet reads {FORMAT}")
        bundle = decode(Bundle, contents)
        records = [decode(Served, line) for line in (folder / SERVED).read_bytes().splitlines()]
    except StateRefused:
        raise
    except (OSError, ValueError, KeyError, TypeError, FreshetError) as error:
        raise StateRefused(f"the bundle is damaged: {error}") from error
    log = BundledLog(folder, bundle)
    place = Place(
        folder=work,
        open_log=lambda: log,
        names=names_of(Topics(bundle.generation, bundle.partitions).name),
        builder=BuilderHere(),
        facets=parse_facets(()),
        pacing=Pacing(recall=bundle.recall),
        digest_every=bundle.digest_every,
        now_ms=lambda: bundle.made_ms,
    )
    cluster = Cluster(bundle.cluster_id, bundle.topic_ids)
    bases = [_base(folder / name, name) for name in bundle.bases]
    return Opened(bundle, records, Rebuilding(bases, cluster, bundle.generation, place))


def _base(folder: Path, name: str) -> Base:
    """Every byte of it is checked."""
    for one in snapshots(folder, every_byte=True):
        if one.manifest is not None and not one.damages:
            return Base(one.manifest, f"the bundle ({name})", partial(borrow, one.manifest, folder))
        raise StateRefused(f"the bundle is damaged: {name}: {'; '.join(one.damages)}")
    raise StateRefused(f"the bundle is damaged: there is no snapshot in {name}")


class BundledLog:
    """See `replay.log.Log`: what the bundle has of it."""

    def __init__(self, folder: Path, bundle: Bundle) -> None:
        names = names_of(Topics(bundle.generation, bundle.partitions).name)
        self._ends = {(names[one.topic], one.partition): (one.begin, one.end) for one in bundle.parts}
        self._files = {
            (names[topic], partition): folder / log_file(topic, partition)
            for topic in TOPICS
            for partition in range(bundle.partitions)
        }

    def begin_end(self, topic: str, partition: int) -> tuple[int, int]:
        return self._ends[topic, partition]

    def offset_at(self, topic: str, partition: int, time_ms: int) -> int:
        at = (one.offset for one in self._records(topic, partition) if one.timestamp_ms >= time_ms)
        return next(at, self.begin_end(topic, partition)[1])

    def read(
        self, topic: str, partition: int, offset: int, end: int | None = None, batch: int = 1000
    ) -> Iterator[list[LogRecord]]:
        """Raises StateRefused where the bundle has none of it, or what it has is damaged."""
        begin, stop = self.begin_end(topic, partition)
        if offset < begin:
            raise StateRefused(f"the bundle has {topic}/{partition} from offset {begin}, not from {offset}")
        found: list[LogRecord] = []
        for one in self._records(topic, partition):
            if one.offset >= (stop if end is None else min(end, stop)):
                break
            if one.offset >= offset:
                found.append(one)
            if len(found) == batch:
                yield found
                found = []
        if found:
            yield found

    def _records(self, topic: str, partition: int) -> Iterator[LogRecord]:
        try:
            with self._files[topic, partition].open("rb") as file:
                for line in file:
                    one = decode(Line, line)
                    yield LogRecord(topic, partition, one.offset, _bytes(one.key), _bytes(one.value), one.timestamp_ms)
        except (OSError, ValueError, FreshetError) as error:
            raise StateRefused(f"the bundle is damaged: {topic}/{partition}: {error}") from error


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text, validate=True)
