"""Freshet's own shard under the same protocol, so that it stands in the same table as the others."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.measured_shard import open_shard, settle
from bench.peers.protocol import Skus, Vectors, group_of
from bench.shard_records import changes, sku_number
from index_snapshots.protocol import Offsets
from schemas.filters import Filters

BATCH_MAX = 500
"""As the shard agent's."""


class FreshetShard:
    in_process = True
    ef: int | None = None
    """Not chosen from here: a shard calibrates itself."""

    def __init__(self, folder: Path, dim: int) -> None:
        store = folder / "shard"
        store.mkdir()
        self._shard = open_shard(store, dim)
        self._written = 0

    def load(self, skus: Skus, vectors: Vectors) -> None:
        for start in range(0, len(skus), BATCH_MAX):
            self.upsert(skus[start : start + BATCH_MAX], vectors[start : start + BATCH_MAX])
        settle(self._shard)

    def upsert(self, skus: Skus, vectors: Vectors) -> None:
        fields = [{"brand": _brand(group)} for group in group_of(skus).tolist()]
        batch = changes(self._written, skus, vectors.astype(np.float16), fields)
        self._written += len(batch)
        self._shard.write(batch, Offsets(self._written, 0))

    def search(self, vector: npt.NDArray[np.float32], limit: int) -> list[int]:
        return self._search(vector, limit, Filters())

    def search_group(self, vector: npt.NDArray[np.float32], limit: int, group: int) -> list[int]:
        return self._search(vector, limit, Filters(brand=[_brand(group)]))

    def _search(self, vector: npt.NDArray[np.float32], limit: int, filters: Filters) -> list[int]:
        matches = self._shard.view.search(vector.astype(np.float16), limit, filters)
        return [sku_number(found.sku) for found in matches.found]

    def versions(self) -> Mapping[str, str]:
        return {"freshet": version("freshet"), "engine": type(self._shard).__name__}

    def settings(self) -> Mapping[str, object]:
        return {"written": f"in batches of at most {BATCH_MAX} while it is loaded, then merged into one graph"}

    def processes(self) -> Sequence[int]:
        return ()

    def close(self) -> None:
        pass


def _brand(group: int) -> str:
    return f"brand-{group}"
