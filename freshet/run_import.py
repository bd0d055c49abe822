"""What `freshet import` does: check or send, wait, account, sync, report."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.metrics_page import texts_encoded
from freshet.http_door import HttpDoor
from freshet.imports.builtin_mappings import builtin_mapping
from freshet.imports.checking import dry_run, peak_rss_mb
from freshet.imports.checkpoint import Terms
from freshet.imports.importing import Import
from freshet.imports.mapping_file import FieldMapping, paths_of, read_mapping, with_currency
from freshet.imports.plan import BATCH_DEFAULT, ImportPlan
from freshet.imports.readers.choose import open_source
from freshet.imports.readers.delimited import columns
from freshet.imports.readers.rows import Source
from freshet.imports.rejected import RejectedFile, rejected_path
from freshet.imports.report import facts, report
from freshet.imports.resuming import Progress
from freshet.imports.settling import OutcomeFollower, Settled, settle
from freshet.imports.sku_set import SkuSet
from freshet.imports.sync import LIST_ENDING, Shop, sync
from freshet.printing import say
from freshet.progress import Show, show_on
from freshet.target import Target, find_target, same_workers
from schemas.errors import FreshetError, SettingsError, Unavailable
from schemas.topics import topic_name
from streams.reader import Reader
from streams.topics import describe_cluster

RESTARTED = "an embed worker was restarted, or does not tell: its counter cannot be compared"


@dataclass(frozen=True)
class ImportOptions:
    file: Path
    mapping: Path | None = None
    dry_run: bool = False
    limit: int | None = None
    batch: int = BATCH_DEFAULT
    wait: bool = True
    rejected: Path | None = None
    as_json: bool = False
    format: str = ""
    encoding: str = ""
    currency: str = ""
    restart: bool = False
    sync: bool = False
    force: bool = False


def import_products(options: ImportOptions, url: str, data: Path | None) -> int:
    return report(run_import(options, url, data), options.as_json)


def run_import(options: ImportOptions, url: str, data: Path | None) -> dict[str, Any]:
    """Checks or sends, waits and accounts; returns the figures that docs/import.md explains."""
    if options.sync and not options.wait:
        raise SettingsError("--sync deletes at the end, after all is accounted for", hint="leave --no-wait away")
    given = read_mapping(options.mapping) if options.mapping else None
    source = open_source(options.file, options.format, options.encoding)
    mapping = chosen_mapping(given, source, options.currency)
    rejected = RejectedFile(options.rejected or rejected_path(options.file, source), source.header)
    if options.dry_run:
        with show_on() as show:
            return dry_run(source, mapping, options.limit, rejected, show)
    target = find_target(url, data, reads_kafka=options.wait)
    run = _Run(options, source, mapping, rejected, target, url, data)
    return asyncio.run(run.whole())


def chosen_mapping(given: FieldMapping | None, source: Source, currency: str) -> FieldMapping | None:
    """The one that was given, else the format's own. Raises SettingsError where a column or the currency is missing."""
    mapping = given or builtin_mapping(source)
    if mapping is None:
        return None
    if source.format == "shopify" and not given and not currency:
        raise SettingsError("a Shopify export names no currency", hint="add --currency EUR (or USD, GBP ...)")
    if source.header is not None and source.format != "shopify" and given:
        names = {name for name, _ in columns(source.header)}
        unknown = sorted(path for path in paths_of(mapping) - names if path.split(".")[0] not in names)
        if unknown:
            say(f"note: {source.path} has no column {', '.join(map(repr, unknown))}, which the mapping reads")
    return with_currency(mapping, currency)


class _Run:
    """One import into a running shop."""

    def __init__(
        self,
        options: ImportOptions,
        source: Source,
        mapping: FieldMapping | None,
        rejected: RejectedFile,
        target: Target,
        url: str,
        data: Path | None,
    ) -> None:
        self.options = options
        self.source = source
        self.mapping = mapping
        self.rejected = rejected
        self.target = target
        self.url = url
        self.data = data
        self.stop = asyncio.Event()
        self.clock = time.monotonic
        self.in_file = SkuSet()

    async def whole(self) -> dict[str, Any]:
        with _interruptible(self.stop), _reader(self.target, self.options.wait) as reader, show_on() as show:
            async with HttpDoor(self.target.url, self.target.key) as door:
                return await self._whole(reader, door, show)

    async def _whole(self, reader: Reader | None, door: HttpDoor, show: Show) -> dict[str, Any]:
        target = self.target
        outcomes = OutcomeFollower(reader, target.generation, target.partitions) if reader else None
        encoded = await texts_encoded(target.metrics_of("embed"))
        progress = self._progress(reader)
        work = Import(self._plan(progress), door, show, self.stop, self.clock)
        failure: FreshetError | None = None
        settled: Settled | None = None
        try:
            await work.run()
        except FreshetError as error:
            failure = error
        sent_s = self.clock()
        file_changed = progress.file_changed()
        progress.save(work.tally)
        if outcomes and work.tally.acknowledged and not self.stop.is_set() and not failure:
            settled = await self._settle(work, outcomes, door, show)
        encoded_after = await texts_encoded(target.metrics_of("embed"))
        same = same_workers(target, "embed", self.url, self.data)
        synced = None
        if reader and outcomes and self.options.sync and not self.stop.is_set() and not failure:
            try:
                synced = await self._sync(
                    work, progress, Shop(reader, outcomes, door, *self._topics()), show, file_changed
                )
            except FreshetError as error:
                failure = error
        result = facts(work, settled, sent_s, self.stop.is_set())
        counted = None if encoded is None or encoded_after is None or not same else int(encoded_after - encoded)
        result["texts_encoded"] = counted
        result["texts_encoded_unknown"] = RESTARTED if target.metrics_of("embed") and counted is None else None
        result["products_in_shop"] = await _found(door) if settled else None
        result["peak_rss_mb"] = peak_rss_mb()
        result["sync"] = synced
        finished = work.tally.at_end and not self.stop.is_set() and not failure and not file_changed
        result |= progress.end(finished=finished, file_changed=file_changed)
        if failure:
            result["error"], result["hint"] = failure.message, failure.hint
        return result

    def _topics(self) -> tuple[int, int, float]:
        return self.target.generation, self.target.partitions, self.target.import_lag_s

    def _progress(self, reader: Reader | None) -> Progress:
        topic = topic_name("catalog", self.target.generation)
        partitions = range(self.target.partitions) if reader else ()
        ends = {partition: reader.begin_end(topic, partition)[1] for partition in partitions} if reader else {}
        progress = Progress(
            self.target.data,
            self.options.file,
            self.url,
            self._terms(asks_kafka=reader is not None),
            self.rejected,
            ends,
        )
        progress.begin(restart=self.options.restart)
        return progress

    def _terms(self, *, asks_kafka: bool) -> Terms:
        catalog = ""
        if asks_kafka:
            cluster = describe_cluster(self.target.kafka, self.target.generation)
            catalog = f"{cluster.cluster_id} {cluster.topic_ids['catalog']}"
        mapping = self.mapping.text if self.mapping else ""
        return Terms(mapping, self.source.format, self.options.encoding, self.target.generation, catalog)

    def _plan(self, progress: Progress) -> ImportPlan:
        return ImportPlan(
            self.source,
            self.mapping,
            self.rejected,
            self.options.limit,
            self.options.batch,
            self.target.import_lag_s,
            progress.done,
            self.in_file.add if self.options.sync else None,
            progress.save,
        )

    async def _settle(self, work: Import, outcomes: OutcomeFollower, door: HttpDoor, show: Show) -> Settled:
        return await settle(
            work.ledger,
            work.sample,
            outcomes,
            door,
            show=show,
            rejected=work.tally.rejected,
            stop=self.stop,
            clock=self.clock,
        )

    async def _sync(
        self, work: Import, progress: Progress, shop: Shop, show: Show, file_changed: bool
    ) -> dict[str, Any]:
        partly = f"--limit {self.options.limit}" if self.options.limit else "" if work.tally.at_end else "it broke off"
        partly = "it changed while it was read" if file_changed else partly
        return await sync(
            shop,
            self.rejected.path.with_name(self.options.file.name + LIST_ENDING),
            self.in_file,
            progress.began,
            rejected=work.tally.rejected + progress.rejected_before,
            partly=partly,
            force=self.options.force,
            show=show,
            stop=self.stop,
            clock=self.clock,
        )


async def _found(door: HttpDoor) -> int | None:
    try:
        answer = await door.post("/v1/search", {"limit": 1})
        return None if answer["degraded"] else int(answer["found"])
    except Unavailable:
        return None


@contextlib.contextmanager
def _reader(target: Target, wanted: bool) -> Iterator[Reader | None]:
    reader = Reader(target.kafka) if wanted else None
    try:
        yield reader
    finally:
        if reader:
            reader.close()


@contextlib.contextmanager
def _interruptible(stop: asyncio.Event) -> Iterator[None]:
    """The first Ctrl-C stops cleanly, the second at once."""
    loop = asyncio.get_running_loop()

    def first() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        say("stopping: waiting for the requests on their way (Ctrl-C again: at once)")
        stop.set()

    loop.add_signal_handler(signal.SIGINT, first)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
