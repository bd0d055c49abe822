"""Qdrant Edge: the storage and HNSW segments of Qdrant as a library in this process."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt
import qdrant_edge as qdrant

from bench.peers.protocol import HNSW_EF_CONSTRUCTION, HNSW_M, Skus, Vectors, group_of

FULL_SCAN_KB = 10
"""Searches of smaller segments compare every row: so small that the graph is used."""
INDEXING_KB = 1_000
LOAD_BATCH = 1_000


class QdrantEdge:
    in_process = True
    ef: int | None = 0

    def __init__(self, folder: Path, dim: int) -> None:
        store = folder / "shard"
        store.mkdir()
        self._shard = qdrant.EdgeShard.create(
            str(store),
            qdrant.EdgeConfig(
                vectors=qdrant.EdgeVectorParams(dim, qdrant.Distance.Dot),
                hnsw_config=qdrant.HnswIndexConfig(HNSW_M, HNSW_EF_CONSTRUCTION, FULL_SCAN_KB),
                optimizers=qdrant.EdgeOptimizersConfig(indexing_threshold=INDEXING_KB),
            ),
        )

    def load(self, skus: Skus, vectors: Vectors) -> None:
        # With more links for each group, its default, a search takes half as long again and the load a third longer.
        groups = qdrant.IntegerIndexParams(lookup=True, range=False, enable_hnsw=False)
        self._shard.update(qdrant.UpdateOperation.create_field_index("group", groups))
        for start in range(0, len(skus), LOAD_BATCH):
            self.upsert(skus[start : start + LOAD_BATCH], vectors[start : start + LOAD_BATCH])
        while self._shard.optimize():
            pass

    def upsert(self, skus: Skus, vectors: Vectors) -> None:
        groups = group_of(skus).tolist()
        points = [
            qdrant.Point(sku, vector, {"group": group})
            for sku, vector, group in zip(skus.tolist(), vectors, groups, strict=True)
        ]
        self._shard.update(qdrant.UpdateOperation.upsert_points(points))

    def search(self, vector: npt.NDArray[np.float32], limit: int) -> list[int]:
        return self._search(vector, limit, None)

    def search_group(self, vector: npt.NDArray[np.float32], limit: int, group: int) -> list[int]:
        same = qdrant.FieldCondition("group", match=qdrant.MatchValue(group))
        return self._search(vector, limit, qdrant.Filter(must=[same]))

    def _search(self, vector: npt.NDArray[np.float32], limit: int, among: object | None) -> list[int]:
        request = qdrant.SearchRequest(
            qdrant.Query.Nearest(vector), limit, filter=among, params=qdrant.SearchParams(hnsw_ef=self.ef)
        )
        return [point.id for point in self._shard.search(request)]

    def versions(self) -> Mapping[str, str]:
        return {"qdrant-edge-py": version("qdrant-edge-py")}

    def settings(self) -> Mapping[str, object]:
        return {
            "hnsw": {"m": HNSW_M, "ef_construct": HNSW_EF_CONSTRUCTION},
            "full_scan_threshold_kb": FULL_SCAN_KB,
            "indexing_threshold_kb": INDEXING_KB,
            "group": "integer index, without more links in the graph (enable_hnsw=False)",
            "optimize": "after the load only: it holds the GIL, so every search would wait for all of it",
        }

    def processes(self) -> Sequence[int]:
        return ()

    def close(self) -> None:
        self._shard.close()
