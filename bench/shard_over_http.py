"""The process that a shard is measured in from outside: the agent and its endpoint, fed with the stream.

    python -m bench.shard_over_http SETUP

Clients are other processes (`bench.http_client`); each method of `OverHttp` is a command.
"""

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

import uvloop

from agents.search_threads import SWITCH_S
from bench.fed_agent import FedAgent
from bench.measured_shard import bodies_mb, engine_figures, wait_for_builder
from bench.merged_view import MergedView
from bench.process_costs import cpu_seconds, folder_mb, memory_mb
from bench.shard_records import sku_number
from bench.subject import obey, setup
from bench.vector_file import VectorFile
from bench.workload import Workload
from schemas.filters import Filters
from streams.freed_memory import give_back, share_heaps
from streams.logs import configure_logs

T = TypeVar("T")
LIMIT = 10
WARM_QUERIES = 500


class OverHttp:
    """Commands come in a thread of their own and are done in the event loop."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, folder: str, vectors: str, rows: int, dim: int, seed: int, records: int
    ) -> None:
        workload = Workload(rows, dim, seed)
        self._loop, self._rows, self._folder = loop, rows, Path(folder)
        self._skus = workload.skus(records)
        self._workload = workload
        warm = list(workload.queries(WARM_QUERIES))
        self._fed = FedAgent(self._folder, VectorFile(Path(vectors), dim), self._skus, dim, warm)
        self._stream: asyncio.Task[None] | None = None

    def close(self) -> None:
        """The builder gives up what is under way, before its files are removed."""
        self._fed.builder.close()

    def listen(self) -> dict[str, Any]:
        return {"port": self._run(self._fed.listen())}

    def load(self) -> dict[str, Any]:
        began_s = perf_counter()
        self._run(self._fed.load(self._rows))
        wait_for_builder()
        give_back()  # as an agent does that has caught up
        return {"settled_s": perf_counter() - began_s}

    def merge(self) -> dict[str, Any]:
        """Merges all rows of the newest view into one graph, beside the shard, which stays as it is."""
        view = self._fed.kept.shard.view
        self._merged = MergedView(view, self._folder / "merged")
        return {"merged_ef": self._merged.ef}

    def answer_from(self, merged: bool) -> None:
        """From the merged view, until told otherwise; only while nothing streams in."""
        self._fed.answer_from(self._merged.opened() if merged else None)

    def stream(self, rate: float, last: int) -> None:
        async def begin() -> None:
            self._stream = asyncio.create_task(self._fed.stream(rate, last, perf_counter))

        self._run(begin())

    def position(self) -> dict[str, Any]:
        """The next record to be written."""
        return {"next": self._fed.next}

    def flow(self) -> dict[str, Any]:
        return self._fed.figures()

    def stop(self) -> dict[str, Any]:
        async def end() -> dict[str, Any]:
            assert self._stream
            if not self._stream.done():
                self._stream.cancel()
            await asyncio.gather(self._stream, return_exceptions=True)
            if not self._stream.cancelled():
                self._stream.result()
            await self._fed.until_all_applied()
            return self._fed.figures()

        return self._run(end())

    def found(self, queries: int) -> dict[str, Any]:
        """What one view finds for the first queries, and how many records it holds."""
        view = self._fed.kept.shard.view
        answers = [view.search(query, LIMIT, Filters()) for query in self._workload.queries(queries)]
        return {
            "records": view.offsets.documents,
            "found": [[sku_number(one.sku) for one in answer.found] for answer in answers],
        }

    def costs(self) -> dict[str, Any]:
        shard = self._fed.kept.shard
        memory = memory_mb() | {"bodies_mb": bodies_mb(shard.view), "files_mb": folder_mb(self._folder)}
        return {
            "rows": shard.view.counts.rows,
            "memory": memory,
            "cpu": cpu_seconds(),
            "engine": engine_figures(shard),
        }

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


COMMANDS = ("listen", "load", "merge", "answer_from", "stream", "position", "flow", "stop", "found", "costs")


async def serve() -> None:
    sys.setswitchinterval(SWITCH_S)
    share_heaps()
    configure_logs("warning")
    subject = OverHttp(asyncio.get_running_loop(), **setup())
    try:
        await asyncio.to_thread(obey, {name: getattr(subject, name) for name in COMMANDS})
    finally:
        subject.close()


if __name__ == "__main__":
    uvloop.run(serve())
