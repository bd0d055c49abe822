"""Chroma: hnswlib and SQLite behind one API, as a library in this process."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import chromadb
import numpy as np
import numpy.typing as npt

from bench.peers.protocol import HNSW_EF_CONSTRUCTION, HNSW_M, Skus, Vectors, group_of

LOAD_BATCH = 1_000


class Chroma:
    in_process = True

    def __init__(self, folder: Path, dim: int) -> None:
        settings = chromadb.Settings(anonymized_telemetry=False)
        client = chromadb.PersistentClient(str(folder / "collections"), settings=settings)
        hnsw = {
            "space": "ip",
            "max_neighbors": HNSW_M,
            "ef_construction": HNSW_EF_CONSTRUCTION,
        }
        self._collection = client.create_collection("products", embedding_function=None, configuration={"hnsw": hnsw})

    @property
    def ef(self) -> int | None:
        return int(self._collection.configuration["hnsw"]["ef_search"])

    @ef.setter
    def ef(self, candidates: int | None) -> None:
        self._collection.modify(configuration={"hnsw": {"ef_search": candidates}})

    def load(self, skus: Skus, vectors: Vectors) -> None:
        for start in range(0, len(skus), LOAD_BATCH):
            self.upsert(skus[start : start + LOAD_BATCH], vectors[start : start + LOAD_BATCH])

    def upsert(self, skus: Skus, vectors: Vectors) -> None:
        self._collection.upsert(
            ids=[str(sku) for sku in skus.tolist()],
            embeddings=vectors,
            metadatas=[{"group": group} for group in group_of(skus).tolist()],
        )

    def search(self, vector: npt.NDArray[np.float32], limit: int) -> list[int]:
        return _numbers(self._collection.query(query_embeddings=vector[None], n_results=limit, include=[]))

    def search_group(self, vector: npt.NDArray[np.float32], limit: int, group: int) -> list[int]:
        among = {"group": group}
        return _numbers(self._collection.query(query_embeddings=vector[None], n_results=limit, where=among, include=[]))

    def versions(self) -> Mapping[str, str]:
        return {"chromadb": version("chromadb")}

    def settings(self) -> Mapping[str, object]:
        return {"hnsw": {"max_neighbors": HNSW_M, "ef_construction": HNSW_EF_CONSTRUCTION}}

    def processes(self) -> Sequence[int]:
        return ()

    def close(self) -> None:
        pass


def _numbers(answer: Mapping[str, list[list[str]]]) -> list[int]:
    return [int(sku) for sku in answer["ids"][0]]
