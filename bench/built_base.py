"""A shard whose rows all lie in one graph, built in one go and kept as a snapshot: streaming a million takes too long.

Its state is what the stream would have led to, but for where the rows lie.
"""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from bench.measured_shard import now_ms
from bench.shard_records import changes
from bench.vector_file import VectorFile
from bench.workload import blocks
from index_snapshots import digests
from index_snapshots import manifest as manifests
from index_snapshots.bodies import FrozenBodies
from index_snapshots.codes import levels
from index_snapshots.columns import EMPTY, STATE, FrozenColumns
from index_snapshots.folder import Known
from index_snapshots.manifest import MANIFEST_PATTERN, Manifest, Origin
from index_snapshots.merge import FromHead, Merge, Segment, merge
from index_snapshots.nearest import FrozenVectors
from index_snapshots.pacing import Pacing
from index_snapshots.parts import FrozenPart, Store
from index_snapshots.protocol import Counts, DocumentChange, Identity, Offsets
from index_snapshots.restore import load
from index_snapshots.snapshot import write
from index_snapshots.stored import Vocabulary
from index_snapshots.view import ShardView
from index_snapshots.word_feed import Start, WordFeed
from index_snapshots.words import Paths, Words

GRAPH: Final = "graph"
"""Subfolder of the segment, of which the snapshot has links."""
WORDS: Final = "words"
WORDS_S_MAX: Final = 3_600.0
"""A million texts take two minutes."""
NOWHERE: Final = Origin(partition=0, generation=0, cluster_id="none", topic_ids={}, encoder="none", dim=0)


@dataclass(frozen=True)
class Base:
    """The first `rows` records of a workload, in a folder of its own: built when they are not there yet."""

    folder: Path
    rows: int
    identity: Identity
    vectors: VectorFile

    def view(self) -> tuple[ShardView, Start]:
        """The state, as if its last head had been sealed just now, and the snapshot whose words may be gone on from."""
        manifest = self._kept() or self._built()
        view = load(self.folder, manifest, Known()).view
        vectors = replace(view.vectors, sealed_ms=now_ms())  # else the first merges would be those of a slow log
        return replace(view, identity=self.identity, vectors=vectors), Start(self.folder, manifest)

    def _kept(self) -> Manifest | None:
        found = sorted(self.folder.glob(MANIFEST_PATTERN))
        return manifests.decode(found[-1].read_bytes(), found[-1].name) if found else None

    def _built(self) -> Manifest:
        (self.folder / GRAPH).mkdir(parents=True)
        records = [
            change
            for first, count in blocks(self.rows)
            for change in changes(first, np.arange(first, first + count), self.vectors.read(first, count))
        ]
        view = self._view(records, self._segment(records))
        words = WordFeed(self.folder / WORDS, view, ())
        try:
            if not words.wait(view.offsets.documents, WORDS_S_MAX):
                raise TimeoutError(f"the words of {self.rows} products are not indexed after {WORDS_S_MAX:g} s")
            origin = NOWHERE.model_copy(update={"dim": self.identity.dim})
            storing = partial(words.store, self.folder)
            return write(view, self.folder, origin, keep=1, now_ms=now_ms(), words=storing)
        finally:
            words.close()

    def _segment(self, records: list[DocumentChange]) -> Segment:
        stands_on = np.array([levels(change.sku) for change in records], dtype=np.uint8)
        head = FromHead(0, self.vectors.read(0, self.rows), stands_on, np.ones(self.rows, dtype=np.bool_))
        return merge(Merge(self.folder / GRAPH, self.identity.dim, Pacing().recall, None, (head,)))

    def _view(self, records: list[DocumentChange], segment: Segment) -> ShardView:
        count = self.rows
        states = np.array([tuple(EMPTY[name] for name in STATE.names or ())], dtype=STATE).repeat(count)
        states["document_order"] = [change.order for change in records]
        states["row"], states["visible"] = np.arange(count), True
        store = Store(segment, None, np.arange(count, dtype=np.int32))
        part = FrozenPart(store, count, np.packbits(np.ones(count, dtype=np.bool_), bitorder="little"), count)
        skus = [change.sku for change in records]
        return ShardView(
            self.identity,
            Offsets(count, 0),
            Counts(count, count, count, 0),
            FrozenColumns.of(states),
            FrozenVectors(self.identity.dim, Pacing(), (part,), 0, now_ms(), count, ()),
            FrozenBodies.of([change.body for change in records]),
            Vocabulary(skus, {sku: at for at, sku in enumerate(skus)}, Words(), Paths(), Words()),
            sum(map(_digest, records)) % digests.MODULUS,
            0,
        )


def _digest(change: DocumentChange) -> int:
    assert change.vector is not None
    return digests.document_hash(change.sku, change.order, change.body, change.vector.astype("<f2").tobytes())
