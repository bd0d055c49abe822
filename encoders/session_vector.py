"""A session as a vector: the weighted mean of its products' vectors, turned to length 1."""

import math
from collections.abc import Mapping

import numpy as np

from schemas.records import is_unit
from schemas.sessions import History, SessionVector, session_weights

LEAST_NORM = 1e-6
"""A shorter sum has no direction: its products cancel out."""


def session_vector(history: History, encoder: str, vectors: Mapping[str, bytes]) -> SessionVector | None:
    """None when none of its products has a vector. Products that have none are left out.

    `vectors` by SKU as the shards keep them, little-endian fp16 of that encoder. Summed number by number, newest first,
    so the same input gives the same bytes on every machine.
    """
    weighted = [
        weight * np.frombuffer(vectors[item.sku], dtype="<f2").astype(np.float64)
        for item, weight in zip(history.items, session_weights(history.items), strict=True)
        if item.sku in vectors
    ]
    if not weighted:
        return None
    total = sum(weighted[1:], weighted[0])
    norm = math.sqrt(math.fsum((total * total).tolist()))
    return SessionVector(history.place, encoder, (total / norm).astype("<f2").tobytes()) if norm > LEAST_NORM else None


def is_sound(fp16: bytes) -> bool:
    """Whether bytes from a store are a vector of length 1."""
    if len(fp16) % 2:
        return False
    numbers = np.frombuffer(fp16, dtype="<f2").astype(np.float64)
    return bool(np.isfinite(numbers).all()) and is_unit(float(np.linalg.norm(numbers)))
