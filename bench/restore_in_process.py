"""The process whose shard is stored: it writes snapshots, sends them to a store, and searches meanwhile.

python -m bench.restore_in_process SETUP
"""

import os
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from agents.search_threads import SWITCH_S
from bench import closed_loop
from bench.built_base import GRAPH, Base
from bench.measured_shard import now_ms
from bench.paced_stream import BATCH_MAX
from bench.samples import packed
from bench.shard_in_process import COMMANDS, InProcess, ShardSink
from bench.subject import obey, setup
from index_snapshots.builder import Built
from index_snapshots.folder import SEGMENTS, WORDS, Known
from index_snapshots.gentle import Gently
from index_snapshots.manifest import Origin
from index_snapshots.merge import Segment
from index_snapshots.pace import Pace
from index_snapshots.patience import BUILD_S_MIN, Patience
from index_snapshots.pending import Planned
from index_snapshots.protocol import Offsets
from index_snapshots.shelf import Shelf
from index_snapshots.shipping import ship
from index_snapshots.snapshot import ResultOf, no_words, write
from index_snapshots.stores import open_store
from index_snapshots.word_feed import WordFeed
from index_snapshots.writer import ShardWriter
from schemas.settings import ShardSettings

KEEP = 2
WORDS_WAIT_S = 600.0


class Stored(InProcess):
    """One shard, its snapshots and a store."""

    def __init__(self, origin: dict[str, Any], base: str, **workload: Any) -> None:
        """`base`: the folder in which the rows of the start are, or will be."""
        super().__init__(**workload)
        self._origin = Origin.model_validate(origin)
        self._base = Path(base)
        self._known: dict[Path, Known] = {}
        self._feed: WordFeed | None = None

    def load(self) -> dict[str, Any]:
        """Takes the rows of the start as one base, with their words; builds it when it is not there."""
        began_s, identity = time.perf_counter(), self._shard.identity
        view, start = Base(self._base, self._workload.rows, identity, self._vectors).view()
        self._shard = ShardWriter(identity, now_ms, self._folder / SEGMENTS, self._builder, start=view)
        self._feed = WordFeed(self._folder / WORDS, view, (), start=start)
        self._shard.feed(self._feed)
        self._sink = ShardSink(self._shard, self._vectors, self._skus)
        self._feed.wait(view.offsets.documents, WORDS_WAIT_S)
        return {"settled_s": time.perf_counter() - began_s}

    def close(self) -> None:
        if self._feed is not None:
            self._feed.close()
        super().close()

    def write_until(self, last: int, rate: float) -> None:
        """Writes on, as fast as it goes, up to record `last`: a log into which so many a second have come until now.

        What is under way at its end follows from these times, not from how fast this machine is.
        """
        end_ms = now_ms()
        while (first := self._next) < last:
            coming = self._prepare(first, min(BATCH_MAX, last - first))
            times_ms = [end_ms - round(1000 * (last - first - at) / rate) for at in range(len(coming))]
            self._sink.write([one._replace(timestamp_ms=ms) for one, ms in zip(coming, times_ms, strict=True)])

    def snapshot(self, folder: str) -> dict[str, Any]:
        """Writes one at full speed, as of the start of the log: what comes later there follows it.

        `waited_s` it waited for merges under way, which is not in `seconds`. `copied_bytes` it wrote itself; the rest
        of `new_bytes` are files of segments, which merges had written.
        """
        where, began_s = Path(folder), time.perf_counter()
        where.mkdir(parents=True, exist_ok=True)
        before, hurried = {path.name for path in where.iterdir()}, threading.Event()
        hurried.set()
        merges = _Waited()
        self._write(where, hurried, merges)
        took_s = time.perf_counter() - began_s - merges.waited_s
        newest = max(where.glob("manifest-*"))
        sizes = {path.name: path.stat().st_size for path in where.iterdir() if path.is_file()}
        known = {path.name for path in [*self._folder.rglob(f"{SEGMENTS}/*/*"), *(self._base / GRAPH).iterdir()]}
        new = {name: size for name, size in sizes.items() if name not in before}
        copied = {name: size for name, size in new.items() if name not in known}
        by_part = Counter[str]()
        for name, size in copied.items():
            by_part["manifest" if name == newest.name else name.partition("-")[2]] += size
        return {
            "name": newest.name,
            "seconds": took_s,
            "waited_s": merges.waited_s,
            "merges": merges.held,
            "new_bytes": sum(new.values()),
            "copied_bytes": sum(copied.values()),
            "copied": by_part,
            "rows": self._shard.view.counts.rows,
        }

    def ship(self, folder: str, name: str, store: dict[str, Any]) -> dict[str, Any]:
        """`store`: settings of it."""
        there = open_store(ShardSettings.model_validate(store), os.environ)
        shelf = Shelf.of(there, self._origin)
        for before in shelf.manifests():  # both stand at the start of the log, as no two of a real shard do
            shelf.remove(before)
        began_s = time.perf_counter()
        shipped = ship(Path(folder), name, there, Pace(0))
        return {"seconds": time.perf_counter() - began_s, **shipped._asdict()}

    def latency_while_writing(self, seconds: float, folder: str) -> dict[str, Any]:
        """Searches one after the other while snapshots are written one after the other, as gently as a shard does.

        The last one is finished in a hurry; `flow`: what the stream did until then.
        """
        where, hurried, written = Path(folder), threading.Event(), [0]
        where.mkdir(parents=True, exist_ok=True)

        def snapshots() -> None:
            while not hurried.is_set():
                self._write(where, hurried, _if_done)
                written[0] += 1

        writing = threading.Thread(target=snapshots, name="snapshots")
        writing.start()
        try:
            waits_ms = closed_loop.latencies(self._search(None, merged=False), self._queries, seconds)
            flow = self.flow()
        finally:
            hurried.set()
            writing.join()
        self.flow()
        return {"waits_ms": packed(waits_ms), "flow": flow, "snapshots": written[0]}

    def _write(self, folder: Path, hurried: threading.Event, results: ResultOf) -> None:
        view = replace(self._shard.view, offsets=Offsets(0, 0))
        rest, known = Gently(hurried), self._known.setdefault(folder, Known())
        words = partial(self._feed.store, folder) if self._feed else no_words
        write(view, folder, self._origin, KEEP, now_ms(), rest=rest, known=known, words=words, results=results)


class _Waited:
    """Waits for merges as a shard does; for how long, and how many came."""

    def __init__(self) -> None:
        self._patience = Patience(threading.Event())
        self.waited_s, self.held = 0.0, 0

    def __call__(self, planned: Planned, built: Built) -> Segment | None:
        began_s = time.perf_counter()
        segment = self._patience(planned, built)
        self.waited_s += time.perf_counter() - began_s
        self.held += segment is not None
        return segment


def _if_done(planned: Planned, built: Built) -> Segment | None:
    """Waiting would be a pause."""
    return built.result() if built.done and planned.build_s >= BUILD_S_MIN else None


def main() -> None:
    sys.setswitchinterval(SWITCH_S)
    subject = Stored(**setup())
    more = ("write_until", "snapshot", "ship", "latency_while_writing")
    try:
        obey({name: getattr(subject, name) for name in (*COMMANDS, *more)})
    finally:
        subject.close()


if __name__ == "__main__":
    main()
