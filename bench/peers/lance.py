"""LanceDB: a columnar table with an HNSW index in files, as a library in this process."""

import math
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

import lancedb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from lancedb.index import Bitmap, BTree, HnswFlat

from bench.peers.protocol import HNSW_EF_CONSTRUCTION, HNSW_M, Skus, Vectors, group_of

EF = 160
"""With HNSW_EF (64) it stays below RECALL_MIN."""
OPTIMIZE_EVERY_S = 5.0
"""Rows that are in no index yet are compared one by one. From the writer: beside an upsert, one of the two fails."""
KEPT = timedelta(seconds=60)
"""Older versions of the table go."""


class Lance:
    in_process = True

    def __init__(self, folder: Path, dim: int) -> None:
        self._schema = pa.schema(
            [("sku", pa.int64()), ("group", pa.int8()), ("vector", pa.list_(pa.float32(), list_size=dim))]
        )
        self._table = lancedb.connect(folder / "tables").create_table("products", schema=self._schema)
        self._optimized_s = math.inf

    def load(self, skus: Skus, vectors: Vectors) -> None:
        self._table.add(self._rows(skus, vectors))
        index = HnswFlat(distance_type="dot", num_partitions=1, m=HNSW_M, ef_construction=HNSW_EF_CONSTRUCTION)
        self._table.create_index("vector", config=index)
        self._table.create_index("sku", config=BTree())
        self._table.create_index("group", config=Bitmap())
        self._optimized_s = time.monotonic()

    def upsert(self, skus: Skus, vectors: Vectors) -> None:
        merge = self._table.merge_insert("sku").when_matched_update_all().when_not_matched_insert_all()
        merge.execute(self._rows(skus, vectors))
        if time.monotonic() - self._optimized_s > OPTIMIZE_EVERY_S:
            self._table.optimize(cleanup_older_than=KEPT)
            self._optimized_s = time.monotonic()

    def search(self, vector: npt.NDArray[np.float32], limit: int) -> list[int]:
        return self._search(vector, limit, None)

    def search_group(self, vector: npt.NDArray[np.float32], limit: int, group: int) -> list[int]:
        return self._search(vector, limit, group)

    def _search(self, vector: npt.NDArray[np.float32], limit: int, group: int | None) -> list[int]:
        query = (
            self._table.search(vector).distance_type("dot").nprobes(1).ef(EF).limit(limit).select(["sku", "_distance"])
        )
        if group is not None:
            query = query.where(f"`group` = {group}", prefilter=True)
        found: list[int] = query.to_arrow()["sku"].to_pylist()
        return found

    def _rows(self, skus: Skus, vectors: Vectors) -> pa.Table:
        flat = pa.array(np.ascontiguousarray(vectors).reshape(-1))
        columns = [pa.array(skus), pa.array(group_of(skus).astype(np.int8))]
        columns.append(pa.FixedSizeListArray.from_arrays(flat, vectors.shape[1]))
        return pa.Table.from_arrays(columns, schema=self._schema)

    def versions(self) -> Mapping[str, str]:
        return {"lancedb": version("lancedb"), "pyarrow": version("pyarrow")}

    def settings(self) -> Mapping[str, object]:
        return {
            "index": "IVF_HNSW_FLAT, one partition",
            "hnsw": {"m": HNSW_M, "ef_construction": HNSW_EF_CONSTRUCTION, "ef": EF},
            "scalar_indexes": "BTree on sku, Bitmap on group",
            "optimize": f"by the writer, {OPTIMIZE_EVERY_S:g} s after the last",
        }

    def processes(self) -> Sequence[int]:
        return ()

    def close(self) -> None:
        pass
