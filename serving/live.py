"""Builds what tells people what is happening: the feed, what goes into it, and the watch over the processes."""

import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from importlib.metadata import version

import aiohttp

from schemas.errors import SettingsError
from schemas.metrics import Metrics
from schemas.settings import ServingSettings
from serving.background import repeating
from serving.bulletin import LOOK_EVERY_S, TELL_EVERY_S, Bulletin
from serving.changes import ASK_EVERY_S_MIN, ChangeWatch
from serving.feed import Feed
from serving.fresh_sample import FreshSample
from serving.freshness import FreshnessMeter
from serving.logs import Log
from serving.outcomes import OutcomeCache
from serving.processes import ProcessWatch, parse_processes, watching
from serving.readiness import Readiness
from serving.shard_watch import Hints, ShardWatch
from serving.shards import Shards


@dataclass(frozen=True)
class Live:
    feed: Feed
    changes: ChangeWatch
    processes: ProcessWatch
    background: tuple[Callable[[], AbstractAsyncContextManager[None]], ...]


def build_live(
    settings: ServingSettings,
    shards: Shards,
    watch: ShardWatch,
    outcomes: OutcomeCache,
    freshness: FreshnessMeter,
    sample: FreshSample,
    hints: Hints,
    ready: Callable[[], Readiness],
    metrics: Metrics,
    session: aiohttp.ClientSession,
    log: Log,
) -> Live:
    """Raises SettingsError."""
    addresses = workers_of(settings)
    feed = Feed(run=f"{wall_ms():x}", metrics=metrics)
    changes = ChangeWatch(outcomes, shards, sample, feed.change, time.monotonic)
    processes = ProcessWatch(["kafka", *addresses, "redis", "serving"], wall_ms, lambda: bulletin.tell_processes())

    def products() -> int:
        return sum(watch.visible(partition) for partition in shards.partitions)

    bulletin = Bulletin(feed, changes, freshness, processes, hints, ready, products, version("freshet"), time.monotonic)
    return Live(
        feed,
        changes,
        processes,
        background=(
            lambda: watching(addresses, session, processes, log),
            lambda: repeating("changes", bulletin.follow, ASK_EVERY_S_MIN, log),
            lambda: repeating("feed", bulletin.tell, TELL_EVERY_S, log),
            lambda: repeating("processes", bulletin.look, LOOK_EVERY_S, log),
        ),
    )


def workers_of(settings: ServingSettings) -> dict[str, str]:
    """Addresses of the health pages by name of the process. Raises SettingsError."""
    try:
        return parse_processes(settings.processes)
    except ValueError as error:
        raise SettingsError(
            f"setting processes (FRESHET_PROCESSES): {error}",
            hint="for example catalog=127.0.0.1:9101,embed=127.0.0.1:9102",
        ) from None


def wall_ms() -> int:
    """Milliseconds since 1970: for people and logs, never for order."""
    return time.time_ns() // 1_000_000
