"""What every engine that we are compared with does: hold vectors by SKU number, replace some, find the nearest."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

Skus = npt.NDArray[np.int64]
"""SKU numbers, shape (n,)."""
Vectors = npt.NDArray[np.float32]
"""Shape (n, dim), each row of length 1."""

HNSW_M: Final = 16
"""Links of a node, as the paper counts them: twice as many on the lowest layer."""
HNSW_EF_CONSTRUCTION: Final = 128
RECALL_MIN: Final = 0.98
"""What a user asks for. Each engine gets the smallest of HNSW_EFS that reaches it, so that all are compared alike."""
HNSW_EFS: Final = (16, 24, 32, 48, 64, 96, 128, 192, 256)
"""Candidates of one search."""
GROUPS: Final = 10
"""A filter on one group lets a tenth of the rows pass."""


class Peer(Protocol):
    """One engine with one collection in `folder`, which belongs to it alone. Compared by cosine.

    `search` and `search_group` are called from several threads, while another thread calls `upsert`. Anything may
    raise; the run of that engine ends there and its row says why.
    """

    in_process: bool
    """Whether a search is a call in this process, or a question to a server on this machine."""
    ef: int | None
    """Candidates of one search: set once, after `load`. None stays None: there is nothing to choose."""

    def __init__(self, folder: Path, dim: int) -> None: ...

    def load(self, skus: Skus, vectors: Vectors) -> None:
        """Takes the whole catalogue and returns once all of it is indexed. Called once, before anything else."""

    def upsert(self, skus: Skus, vectors: Vectors) -> None:
        """Adds or replaces; each SKU at most once. Returns when the engine has acknowledged it, seen or not."""

    def search(self, vector: npt.NDArray[np.float32], limit: int) -> list[int]:
        """SKU numbers nearest to `vector`, shape (dim,), best first."""

    def search_group(self, vector: npt.NDArray[np.float32], limit: int, group: int) -> list[int] | None:
        """As `search`, among the SKUs of one group (`group_of`). None: this engine filters in no way."""

    def versions(self) -> Mapping[str, str]:
        """Of the engine and of its client."""

    def settings(self) -> Mapping[str, object]:
        """All that was not left at the engine's defaults, and what happens beside the searches."""

    def processes(self) -> Sequence[int]:
        """Ids of servers that run for this engine and are not children of this process."""

    def close(self) -> None:
        """Stops what was started. Called once, also after a failure."""


def group_of(skus: Skus) -> npt.NDArray[np.int64]:
    """The value that a filter compares, 0..GROUPS-1."""
    return skus % GROUPS
