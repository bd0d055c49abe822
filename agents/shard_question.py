"""A search as a shard takes it: its vectors read and checked."""

import base64

import numpy as np

from agents.asked import Asked
from agents.shard_search import Question
from index_snapshots.protocol import Half, Leaning
from schemas.errors import InvalidRequest
from schemas.shard_messages import ShardQuery


def question_of(kept: Asked, query: ShardQuery, deadline_s: float) -> Question:
    """Raises InvalidRequest("bad_vector")."""
    dim = kept.shard.view.identity.dim
    taste = vector_of(query.taste.vector, dim) if query.taste else None
    leaning = Leaning(taste, query.taste.strength) if query.taste and taste is not None else None
    vector, other = vector_of(query.vector, dim), vector_of(query.other_vector, dim)
    return Question(kept, query, vector, leaning, deadline_s, None if vector is None else other)


def vector_of(text: str | None, dim: int) -> Half | None:
    """base64 of little-endian fp16 -> (dim,). Raises InvalidRequest("bad_vector")."""
    if text is None:
        return None
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise InvalidRequest("bad_vector", f"the vector is not base64: {error}") from error
    if len(raw) != 2 * dim:
        raise InvalidRequest("bad_vector", f"the vector has {len(raw)} bytes, {dim} fp16 numbers are {2 * dim}")
    vector = np.frombuffer(raw, dtype="<f2").astype(np.float16)
    if not np.isfinite(vector).all():
        raise InvalidRequest("bad_vector", "the vector is not finite")
    return vector
