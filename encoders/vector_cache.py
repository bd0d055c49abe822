"""Remembers the vectors of recent queries."""

from collections import OrderedDict

import numpy as np
import numpy.typing as npt

VECTORS_MAX = 10_000
"""15 MB of 384 float32."""


def normalised_query(text: str) -> str:
    """The text with runs of white space made one space: what is looked up and what is encoded."""
    return " ".join(text.split())


class VectorCache:
    """The `vectors_max` most recently used query vectors, by encoder and normalised text. For one event loop."""

    def __init__(self, vectors_max: int = VECTORS_MAX) -> None:
        self._vectors_max = vectors_max
        self._vectors: OrderedDict[tuple[str, str], npt.NDArray[np.float32]] = OrderedDict()
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self._vectors)

    def get(self, encoder_id: str, text: str) -> npt.NDArray[np.float32] | None:
        """The read-only vector of a text in an encoder's space, if it is remembered."""
        key = (encoder_id, normalised_query(text))
        vector = self._vectors.get(key)
        if vector is None:
            self.misses += 1
            return None
        self.hits += 1
        self._vectors.move_to_end(key)
        return vector

    def put(self, encoder_id: str, text: str, vector: npt.NDArray[np.float32]) -> None:
        """Remember a copy of the vector, float32 (dim,), and forget the longest unused one when full."""
        kept = np.array(vector, np.float32)
        kept.flags.writeable = False
        key = (encoder_id, normalised_query(text))
        self._vectors[key] = kept
        self._vectors.move_to_end(key)
        if len(self._vectors) > self._vectors_max:
            self._vectors.popitem(last=False)
