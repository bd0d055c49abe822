"""The process that measures a shard from inside: it writes the stream, and searches from threads of its own.

    python -m bench.shard_in_process SETUP

`bench.shard_plan.Setup` says what it is given; each method of `InProcess` is a command.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from bench import closed_loop
from bench.filter_labels import fields, labels_of
from bench.measured_shard import bodies_mb, engine_figures, merging_base, open_shard, wait_for_builder
from bench.merged_view import MergedView
from bench.paced_stream import BATCH_MAX, Flow, PacedStream
from bench.process_costs import cpu_seconds, folder_mb, memory_mb
from bench.samples import packed
from bench.shard_records import changes, sku_name, sku_number
from bench.subject import obey, setup
from bench.vector_file import VectorFile
from bench.workload import Workload, blocks
from index_snapshots.builder import BuilderProcess
from index_snapshots.protocol import DocumentChange, Half, Offsets, Shard
from schemas.filters import Filters
from streams.freed_memory import give_back, share_heaps

LIMIT = 10
SWITCH_S = 0.0001
"""`sys.setswitchinterval`: suits threads that search beside the writer without an event loop between them. A client
searches 1.4 times as often as with the half millisecond that a shard's process has (`agents.search_threads`)."""


class ShardSink:
    """Writes changes to a shard and looks for what was written."""

    def __init__(self, shard: Shard, vectors: VectorFile, skus: "np.ndarray[Any, np.dtype[np.int64]]") -> None:
        self._shard, self._vectors, self._skus = shard, vectors, skus

    def write(self, batch: list[DocumentChange]) -> None:
        self._shard.write(batch, Offsets(self._shard.view.offsets.documents + len(batch), 0))

    def finds(self, record: int) -> bool:
        found = self._shard.view.search(self._vectors.read(record, 1)[0], 1, Filters()).found
        return bool(found) and found[0].sku == sku_name(int(self._skus[record]))


class InProcess:
    """One shard and all that is done to it."""

    def __init__(
        self,
        folder: str,
        vectors: str,
        rows: int,
        dim: int,
        seed: int,
        records: int,
        queries: int,
        labelled: bool = False,
    ) -> None:
        self._workload = Workload(rows, dim, seed)
        self._vectors = VectorFile(Path(vectors), dim)
        self._skus = self._workload.skus(records)
        self._labels = labels_of(self._workload, records) if labelled else None
        self._queries: list[Half] = list(self._workload.queries(queries))
        self._folder = Path(folder)
        self._empty_mb = memory_mb()["pss_mb"]
        self._empty_cpu_s = sum(cpu_seconds().values())
        self._loaded_cpu_s = 0.0
        self._builder = BuilderProcess()
        self._shard = open_shard(self._folder, dim, self._builder)
        self._merged: MergedView | None = None
        self._sink = ShardSink(self._shard, self._vectors, self._skus)
        self._stream: PacedStream[list[DocumentChange]] | None = None

    def close(self) -> None:
        """The builder gives up what is under way, before its files are removed."""
        self._builder.close()

    def load(self) -> dict[str, Any]:
        """Writes the catalogue of the start, as the agent does when it catches up with the log."""
        writing_s, began_s = 0.0, perf_counter()
        for first, count in blocks(self._workload.rows, BATCH_MAX):
            batch = self._prepare(first, count)
            write_began_s = perf_counter()
            self._sink.write(batch)
            writing_s += perf_counter() - write_began_s
        written_s = perf_counter() - began_s
        wait_for_builder()
        give_back()  # as an agent does that has caught up
        self._loaded_cpu_s = sum(cpu_seconds().values()) - self._empty_cpu_s
        return {"writing_s": writing_s, "written_s": written_s, "settled_s": perf_counter() - began_s}

    def load_until_merge(self, last: int) -> None:
        """Writes on, as fast as it goes, until the base is being merged or record `last` is reached."""
        while not merging_base(self._shard.view) and (first := self._next) < last:
            self._sink.write(self._prepare(first, min(BATCH_MAX, last - first)))

    def merging(self) -> dict[str, Any]:
        """Whether the base is being merged."""
        return {"base": merging_base(self._shard.view)}

    def merge(self) -> dict[str, Any]:
        """Merges all rows of the newest view into one graph, beside the shard, which stays as it is."""
        self._merged = MergedView(self._shard.view, self._folder / "merged")
        return {"merged_ef": self._merged.ef}

    def stream(self, rate: float, last: int) -> None:
        """Begins to write the next records, up to `last`."""
        self._stream = PacedStream(self._prepare, self._sink, rate, self._next, last)
        self._stream.start()

    def position(self) -> dict[str, Any]:
        """The next record to be written."""
        return {"next": self._next}

    def flow(self) -> dict[str, Any]:
        """What the stream did since it was asked last."""
        return self._stream.take_flow().figures() if self._stream else Flow().figures()

    def stop(self) -> dict[str, Any]:
        """Stops the stream and says what it did since it was asked last."""
        if self._stream:
            self._stream.stop()
        last = self.flow()
        self._stream = None
        return last

    def latency(self, seconds: float, filters: dict[str, Any] | None = None, merged: bool = False) -> dict[str, Any]:
        """`merged`: of the merged view instead of the shard."""
        return {"waits_ms": packed(closed_loop.latencies(self._search(filters, merged), self._queries, seconds))}

    def throughput(self, seconds: float, clients: int, merged: bool = False) -> dict[str, Any]:
        return closed_loop.throughput(self._search(None, merged), self._queries, seconds, clients)._asdict()

    def found(self, queries: int, filters: dict[str, Any] | None = None, merged: bool = False) -> dict[str, Any]:
        """What one view finds for the first queries, and how many records it holds."""
        view = self._merged.opened() if merged and self._merged else self._shard.view
        asked = Filters(**(filters or {}))
        answers = [view.search(query, LIMIT, asked) for query in self._queries[:queries]]
        return {
            "records": view.offsets.documents,
            "found": [[sku_number(one.sku) for one in answer.found] for answer in answers],
            "matching": answers[0].matching if answers else 0,
        }

    def costs(self) -> dict[str, Any]:
        view = self._shard.view
        memory = memory_mb() | {"empty_pss_mb": self._empty_mb, "bodies_mb": bodies_mb(view)}
        memory["files_mb"] = folder_mb(self._folder)
        return {
            "rows": view.counts.rows,
            "memory": memory,
            "cpu": cpu_seconds(),
            "loaded_cpu_s": self._loaded_cpu_s,
            "engine": engine_figures(self._shard),
        }

    @property
    def _next(self) -> int:
        """The next record to be written."""
        return self._shard.view.offsets.documents

    def _search(self, filters: dict[str, Any] | None, merged: bool) -> Callable[[Half], object]:
        asked, shard = Filters(**(filters or {})), self._shard
        if not merged or self._merged is None:
            return lambda query: shard.view.search(query, LIMIT, asked)
        view = self._merged.opened()
        for query in self._queries:  # its pages have just been mapped anew
            view.search(query, LIMIT, asked)
        return lambda query: view.search(query, LIMIT, asked)

    def _prepare(self, first: int, count: int) -> list[DocumentChange]:
        more = fields(self._labels, first, count) if self._labels else None
        return changes(first, self._skus[first : first + count], self._vectors.read(first, count), more)


COMMANDS = (
    "load",
    "load_until_merge",
    "merge",
    "merging",
    "stream",
    "position",
    "flow",
    "stop",
    "latency",
    "throughput",
    "found",
    "costs",
)


def main() -> None:
    sys.setswitchinterval(SWITCH_S)
    subject = InProcess(**setup())
    try:
        obey({name: getattr(subject, name) for name in COMMANDS})
    finally:
        subject.close()


if __name__ == "__main__":
    share_heaps()
    main()
