"""Where `freshet replay` works: a folder of its own below the data folder, at low priority, gone at the end."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from agents.topics import Topics
from freshet.snapshot_places import configured_store
from freshet.target import Target, find_target
from index_snapshots.builder import BuilderHere
from index_snapshots.folder import owned
from index_snapshots.pacing import Pacing
from replay.beside import AHEAD_BYTES, PacedCopy, PacedLog, PacedStore, SharedPace
from replay.log import Log, open_log
from replay.shards.bases import Base, in_folders, in_store
from replay.shards.rebuilding import Rebuilding, names_of
from replay.shards.rebuilt import Place
from schemas.errors import StateRefused
from schemas.facets import parse_facets
from schemas.settings import ReplaySettings, ShardSettings, read
from streams.logs import configure_logs
from streams.topics import describe_cluster

FOLDER: Final = "replay"
PREFIX: Final = "tmp-"
BEGUN_S_MAX: Final = 60.0
"""So soon after it was made a folder has its owner."""


class Room(NamedTuple):
    target: Target
    topics: Topics
    log: Log
    rebuilding: Rebuilding


@contextmanager
def room(url: str, data: Path | None, above: Path | None = None) -> Iterator[Room]:
    """Reads of shards' folders and of the store; writes only below its own. Who calls goes last (`replay.going_last`).

    `above`: where its own is made; default: below the data folder.

    Raises Unavailable, SettingsError."""
    target, settings = find_target(url, data, reads_kafka=True), read(ShardSettings, os.environ)
    pace = SharedPace(read(ReplaySettings, os.environ).replay_mb_per_s)
    configure_logs("error")
    topics = Topics(target.generation, target.partitions)
    with ExitStack() as closing:

        def again() -> Log:
            return PacedLog(open_log(target.kafka, closing, AHEAD_BYTES), pace)

        above = above or target.data / FOLDER
        above.mkdir(parents=True, exist_ok=True)
        clear(above, time.time())
        own = tempfile.TemporaryDirectory(prefix=PREFIX, dir=above, ignore_cleanup_errors=True)
        folder = Path(closing.enter_context(own))
        closing.enter_context(owned(folder))
        cluster = describe_cluster(target.kafka, target.generation)
        bases: list[Base] = list(in_folders(target.data, target.generation, cluster, PacedCopy(pace)))
        if settings.snapshot_store:
            bases += in_store(PacedStore(configured_store(settings), pace), target.generation, cluster)
        place = Place(
            folder=folder,
            open_log=again,
            names=names_of(topics.name),
            builder=BuilderHere(),
            facets=parse_facets(settings.facets),
            pacing=Pacing(recall=settings.recall),
            digest_every=settings.digest_every,
            now_ms=lambda: time.time_ns() // 1_000_000,
        )
        yield Room(target, topics, again(), Rebuilding(bases, cluster, target.generation, place))


def clear(above: Path, now_s: float) -> None:
    """Removes what replays that were killed have left: folders that nobody owns any more."""
    for folder in above.glob(f"{PREFIX}*"):
        with suppress(StateRefused, OSError):
            if now_s - folder.stat().st_mtime > BEGUN_S_MAX:
                with owned(folder):
                    shutil.rmtree(folder)
