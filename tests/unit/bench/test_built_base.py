"""A base that is built in one go is what the stream leads to, and is found again by the next run."""

from pathlib import Path

import numpy as np

from bench.built_base import Base
from bench.measured_shard import open_shard, settle
from bench.shard_records import changes
from bench.vector_file import VectorFile, write_vectors
from bench.workload import Workload
from index_snapshots.builder import BuilderHere
from index_snapshots.protocol import Offsets
from index_snapshots.word_feed import WordFeed
from schemas.filters import Filters

ROWS, DIM = 600, 64


def test_it_is_what_the_stream_leads_to(tmp_path: Path) -> None:
    workload = Workload(ROWS, DIM)
    write_vectors(tmp_path / "vectors", workload, ROWS)
    file = VectorFile(tmp_path / "vectors", DIM)
    streamed = open_shard(tmp_path / "shard", DIM, BuilderHere())
    streamed.write(changes(0, np.arange(ROWS), file.read(0, ROWS)), Offsets(ROWS, 0))
    settle(streamed)
    identity = streamed.view.identity
    base, manifest = Base(tmp_path / "base", ROWS, identity, file).view()
    assert base.scrub() and base.digest_documents == streamed.view.digest_documents
    assert (base.counts, base.offsets, base.identity) == (streamed.view.counts, streamed.view.offsets, identity)
    for name in ("document_order", "row", "brand", "visible", "stock"):
        assert (base.columns.whole(name) == streamed.view.columns.whole(name)).all()
    query = workload.queries(1)[0]
    assert base.search(query, 10, Filters()) == streamed.view.search(query, 10, Filters())
    assert [part.count for part in base.vectors.parts] == [ROWS] and base.vectors.next_row == ROWS
    feed = WordFeed(tmp_path / "words", base, (), start=manifest)
    assert feed.wait(ROWS, 60.0) and feed.now.rows().shape == (2, ROWS)
    feed.close()


def test_the_next_run_finds_it(tmp_path: Path) -> None:
    write_vectors(tmp_path / "vectors", Workload(ROWS, DIM), ROWS)
    file = VectorFile(tmp_path / "vectors", DIM)
    base = Base(tmp_path / "base", ROWS, open_shard(tmp_path / "shard", DIM, BuilderHere()).view.identity, file)
    first = base.view()[0]
    files = {path: path.stat().st_mtime_ns for path in base.folder.iterdir()}
    again = base.view()[0]
    assert {path: path.stat().st_mtime_ns for path in base.folder.iterdir()} == files
    assert again.digest_documents == first.digest_documents
    assert again.vectors.sealed_ms > first.vectors.sealed_ms - 1, "as if its rows had come just now"
