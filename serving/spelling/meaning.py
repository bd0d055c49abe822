"""The vector of a query that may mean several things: between those of its senses, nearer the likelier ones."""

import asyncio
from collections.abc import Sequence
from math import fsum, sqrt
from typing import Protocol

import numpy as np

from schemas.spelling import Sense
from serving.query_vectors import QueryVector, fp16_text, values_of


class Encoding(Protocol):
    async def of(self, text: str, timeout_s: float) -> QueryVector: ...


async def vector_of(senses: Sequence[Sense], encoding: Encoding, timeout_s: float) -> QueryVector:
    """All side by side. Raises what one has raised, once all have ended."""
    asked = [encoding.of(one.text, timeout_s) for one in senses]
    found = await asyncio.gather(*asked, return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException):
            raise one
    vectors = [one for one in found if not isinstance(one, BaseException)]
    return vectors[0] if len(vectors) == 1 else mixed(vectors, [one.weight for one in senses])


def mixed(vectors: Sequence[QueryVector], weights: Sequence[float]) -> QueryVector:
    """Their weighted mean, of length 1. Sums are exact before they are rounded, so that a replay comes to the same bits
    on any machine."""
    rows = np.array([values_of(one) for one in vectors])
    weighed = rows * np.array(weights)[:, None]
    sums = [fsum(column) for column in weighed.T.tolist()]
    length = sqrt(fsum(value * value for value in sums))
    if not length:
        return vectors[0]
    told = np.array([value / length for value in sums], np.float32)
    return QueryVector(fp16_text(told), max(one.source for one in vectors))  # the encoder if one is its
