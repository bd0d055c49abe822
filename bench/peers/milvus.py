"""Milvus 2.3: the standalone server of the `milvus` wheel on this machine, asked over gRPC."""

import warnings
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt
from milvus import MilvusServer, MilvusServerConfig

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of a client that is no longer maintained
    from pymilvus import Collection, CollectionSchema, DataType, FieldSchema, connections, utility

from bench.peers.protocol import HNSW_EF_CONSTRUCTION, HNSW_M, Skus, Vectors, group_of

LOAD_BATCH = 5_000


class Milvus:
    in_process = False
    ef: int | None = 0

    def __init__(self, folder: Path, dim: int) -> None:
        self._server = MilvusServer(MilvusServerConfig(data_dir=str(folder / "milvus")))
        self._server.start()
        connections.connect(host="127.0.0.1", port=self._server.listen_port)
        fields = [
            FieldSchema("sku", DataType.INT64, is_primary=True),
            FieldSchema("group", DataType.INT64),
            FieldSchema("vector", DataType.FLOAT_VECTOR, dim=dim),
        ]
        self._collection = Collection("products", CollectionSchema(fields))

    def load(self, skus: Skus, vectors: Vectors) -> None:
        for start in range(0, len(skus), LOAD_BATCH):
            part = slice(start, start + LOAD_BATCH)
            self._collection.insert(_columns(skus[part], vectors[part]))
        self._collection.flush()
        hnsw = {"M": HNSW_M, "efConstruction": HNSW_EF_CONSTRUCTION}
        self._collection.create_index("vector", {"index_type": "HNSW", "metric_type": "IP", "params": hnsw})
        utility.wait_for_index_building_complete("products")
        self._collection.load()

    def upsert(self, skus: Skus, vectors: Vectors) -> None:
        self._collection.upsert(_columns(skus, vectors))

    def search(self, vector: npt.NDArray[np.float32], limit: int) -> list[int]:
        return self._search(vector, limit, None)

    def search_group(self, vector: npt.NDArray[np.float32], limit: int, group: int) -> list[int]:
        return self._search(vector, limit, f"group == {group}")

    def _search(self, vector: npt.NDArray[np.float32], limit: int, among: str | None) -> list[int]:
        how = {"metric_type": "IP", "params": {"ef": self.ef}}
        return [int(sku) for sku in self._collection.search([vector], "vector", how, limit, among)[0].ids]

    def versions(self) -> Mapping[str, str]:
        return {"milvus": utility.get_server_version(), "pymilvus": version("pymilvus")}

    def settings(self) -> Mapping[str, object]:
        return {
            "hnsw": {"M": HNSW_M, "efConstruction": HNSW_EF_CONSTRUCTION},
            "consistency": "bounded staleness, the default",
        }

    def processes(self) -> Sequence[int]:
        return ()

    def close(self) -> None:
        self._server.stop()


def _columns(skus: Skus, vectors: Vectors) -> list[list[object]]:
    return [skus.tolist(), group_of(skus).tolist(), list(vectors)]
