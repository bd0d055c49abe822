"""LanceDB: a columnar table with an HNSW index in files, as a library in this process."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import lancedb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from lancedb.index import Bitmap, BTree, HnswFlat

from bench.peers.protocol import HNSW_EF_CONSTRUCTION, HNSW_M, Skus, Vectors, group_of


class Lance:
    in_process = True
    ef: int | None = 0

    def __init__(self, folder: Path, dim: int) -> None:
        self._schema = pa.schema(
            [("sku", pa.int64()), ("group", pa.int8()), ("vector", pa.list_(pa.float32(), list_size=dim))]
        )
        self._table = lancedb.connect(folder / "tables").create_table("products", schema=self._schema)

    def load(self, skus: Skus, vectors: Vectors) -> None:
        self._table.add(self._rows(skus, vectors))
        index = HnswFlat(distance_type="dot", num_partitions=1, m=HNSW_M, ef_construction=HNSW_EF_CONSTRUCTION)
        self._table.create_index("vector", config=index)
        self._table.create_index("sku", config=BTree())
        self._table.create_index("group", config=Bitmap())

    def upsert(self, skus: Skus, vectors: Vectors) -> None:
        merge = self._table.merge_insert("sku").when_matched_update_all().when_not_matched_insert_all()
        merge.execute(self._rows(skus, vectors))

    def search(self, vector: npt.NDArray[np.float32], limit: int) -> list[int]:
        return self._search(vector, limit, None)

    def search_group(self, vector: npt.NDArray[np.float32], limit: int, group: int) -> list[int]:
        return self._search(vector, limit, group)

    def _search(self, vector: npt.NDArray[np.float32], limit: int, group: int | None) -> list[int]:
        query = (
            self._table.search(vector)
            .distance_type("dot")
            .nprobes(1)
            .ef(self.ef)
            .limit(limit)
            .select(["sku", "_distance"])
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
            "hnsw": {"m": HNSW_M, "ef_construction": HNSW_EF_CONSTRUCTION},
            "scalar_indexes": "BTree on sku, Bitmap on group",
            "optimize": "never: beside upserts it ends in a commit conflict, and instead of them it takes a minute",
        }

    def processes(self) -> Sequence[int]:
        return ()

    def close(self) -> None:
        pass
