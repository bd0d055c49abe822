"""Where `freshet replay` works: a folder of its own below the data folder, at low priority, gone at the end."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from agents.topics import Topics
from freshet.snapshot_places import configured_store
from freshet.target import Target, find_target
from index_snapshots.builder import BuilderHere
from index_snapshots.pacing import Pacing
from replay.log import Log
from replay.shards.bases import Base, in_folders, in_store
from replay.shards.rebuilding import Rebuilding, names_of
from replay.shards.rebuilt import Place
from schemas.facets import parse_facets
from schemas.settings import ShardSettings, read
from streams.logs import configure_logs
from streams.reader import Reader
from streams.topics import describe_cluster

NICE: Final = 15
"""Searches, agents and builders go first."""
FOLDER: Final = "replay"


class Room(NamedTuple):
    target: Target
    topics: Topics
    log: Log
    rebuilding: Rebuilding


@contextmanager
def room(url: str, data: Path | None) -> Iterator[Room]:
    """Reads of shards' folders and of the store; writes only below its own. Raises Unavailable, SettingsError."""
    target, settings = find_target(url, data, reads_kafka=True), read(ShardSettings, os.environ)
    configure_logs("error")
    os.nice(NICE)
    topics = Topics(target.generation, target.partitions)
    with ExitStack() as closing:

        def open_log() -> Log:
            reader = Reader(target.kafka)
            closing.callback(reader.close)
            return reader

        above = target.data / FOLDER
        above.mkdir(parents=True, exist_ok=True)
        folder = Path(closing.enter_context(tempfile.TemporaryDirectory(dir=above, ignore_cleanup_errors=True)))
        cluster = describe_cluster(target.kafka, target.generation)
        bases: list[Base] = list(in_folders(target.data, target.generation, cluster))
        if settings.snapshot_store:
            bases += in_store(configured_store(settings), target.generation, cluster)
        place = Place(
            folder=folder,
            open_log=open_log,
            names=names_of(topics.name),
            builder=BuilderHere(),
            facets=parse_facets(settings.facets),
            pacing=Pacing(recall=settings.recall),
            digest_every=settings.digest_every,
            now_ms=lambda: time.time_ns() // 1_000_000,
        )
        yield Room(target, topics, open_log(), Rebuilding(bases, cluster, target.generation, place))
