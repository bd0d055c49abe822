"""The exact search: scan in fp32, then decide what is near the cut from exact products."""

import numpy as np
import numpy.typing as npt

from index_snapshots.columns import CHUNK_ROWS
from index_snapshots.protocol import Half
from index_snapshots.rows import FrozenRows

Slots = npt.NDArray[np.int64]
GATHER_SHARE = 8
"""Below one candidate in so many rows it is cheaper to collect the candidates than to scan all rows (measured)."""


def rounding(dim: int) -> float:
    """Bound on the error of an fp32 dot product of two unit vectors, whatever the order of the sum.

    dim * u * |a| * |b| with u = 2^-24 (Higham, Accuracy and Stability of Numerical Algorithms, 3.1), doubled.
    """
    return dim * 2.0**-23


def nearest(rows: FrozenRows, row_of: Slots, query: Half, limit: int) -> tuple[Slots, npt.NDArray[np.float64]]:
    """Positions in `row_of` that may be among the `limit` best, at least so many if there are, with exact scores.

    The products of two fp16 numbers are multiples of 2^-48, and so is their sum, which stays below 2: float64 holds
    it exactly in any order of summation, so the scores are the same bits on every CPU.
    """
    query32 = query.astype(np.float32)
    if len(row_of) * GATHER_SHARE < rows.total:
        near = np.concatenate(
            [rows.gather(row_of[start : start + CHUNK_ROWS]) @ query32 for start in range(0, len(row_of), CHUNK_ROWS)]
            or [np.empty(0, dtype=np.float32)]
        )
    else:
        near = rows.scores(query32)[row_of]
    kept = at_least(near, limit, slack=2 * rounding(rows.dim))
    query64 = query.astype(np.float64)
    exact = [
        rows.gather(row_of[kept[start : start + CHUNK_ROWS]]).astype(np.float64) @ query64
        for start in range(0, len(kept), CHUNK_ROWS)
    ]
    return kept, np.concatenate(exact or [np.empty(0)])


def affinities(rows: FrozenRows, row_of: Slots, session: Half) -> npt.NDArray[np.float64]:
    """Exact products of these rows with a session's vector, as in `nearest`; shape (len(row_of),)."""
    return np.asarray(rows.gather(row_of).astype(np.float64) @ session.astype(np.float64))


def at_least(values: npt.NDArray[np.generic], limit: int, slack: float = 0) -> Slots:
    """Positions whose value is at most `slack` below the `limit`-th greatest: at least `limit`, if there are."""
    if len(values) <= limit:
        return np.arange(len(values))
    cut = np.partition(values, len(values) - limit)[len(values) - limit]
    return np.flatnonzero(values >= cut - slack if slack else values >= cut)
