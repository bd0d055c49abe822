"""Vectors as whole numbers of one byte: all that FAISS ever sees, so that its sums are exact and equal on every CPU."""

from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import xxhash

LARGEST: Final = 127
"""Codes are -127..127. The code of a unit vector is about `scale` long, so the squared distance of two is at most
(2 * 813)^2 at 1,024 dimensions: below 2^24, and a sum of whole numbers, hence exact in fp32 in whatever order."""
CLIPPED_AT: Final = 5.0
"""Standard deviations of a component of a random unit vector, 1 / sqrt(dim): what is greater is cut off, and the
re-scoring from the fp16 row makes up for it."""
ZERO: Final = LARGEST + 1
"""Code of 0."""
LINKS: Final = 16
"""Links of a node per level of the graph, twice as many on the lowest: HNSW's M."""
LEVELS_MAX: Final = 8
NIBBLE: Final = 4
"""LINKS = 2^NIBBLE."""

Codes = npt.NDArray[np.float32]
"""Whole numbers 1..255 (a code plus 128), as fp32 because that is what FAISS takes; shape (n, dim)."""
CodeBytes = npt.NDArray[np.uint8]
"""The same as FAISS keeps them."""


@cache
def scale(dim: int) -> float:
    """What a component is multiplied with; the same for every vector, so that codes of all times compare."""
    return float(round(LARGEST / CLIPPED_AT * dim**0.5))


def codes(vectors: npt.NDArray[Any]) -> Codes:
    """Codes of vectors (n, dim), whose numbers are those of fp16 in whatever width.

    One product and one rounding, each defined by IEEE 754: the same on every CPU.
    """
    scaled = vectors.astype(np.float32)
    scaled *= np.float32(scale(vectors.shape[-1]))
    np.rint(scaled, out=scaled)
    np.minimum(scaled, LARGEST, out=scaled)
    np.maximum(scaled, -LARGEST, out=scaled)
    scaled += ZERO
    return scaled


def code_bytes(vectors: npt.NDArray[Any]) -> CodeBytes:
    """See `codes`."""
    return codes(vectors).astype(np.uint8)


def levels(sku: str) -> int:
    """On how many levels of the graph a product stands, 1..LEVELS_MAX: each next one with probability 1 / LINKS.

    That is HNSW's choice (Malkov and Yashunin 2018, algorithm 1 with m_L = 1 / ln M), drawn by a hash of the SKU.
    """
    zeros = 64 - xxhash.xxh3_64_intdigest(sku.encode()).bit_length()
    return min(1 + zeros // NIBBLE, LEVELS_MAX)
