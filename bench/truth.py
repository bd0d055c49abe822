"""The exact nearest neighbours by cosine, and which share of them an engine found."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from bench.workload import Halves, Numbers, blocks

SCAN_ROWS: Final = 16_384
"""Widened to fp32 and compared at once: 25 MB at 384 dimensions."""
SLACK: Final = 16
"""So many more than asked are kept by their fp32 score and decided in float64, where fp16 products are exact."""


def nearest(
    vectors: Halves,
    queries: Halves,
    k: int,
    passing: npt.NDArray[np.bool_] | None = None,
    scan_rows: int = SCAN_ROWS,
) -> list[Numbers]:
    """Rows of `vectors` (n, dim) with the k greatest products with each query (q, dim), best first, ties by row.

    `passing` (n,) leaves out rows; fewer than k when fewer pass. float32 BLAS first, then the best k + SLACK exactly:
    an fp32 dot product of unit vectors is off by less than dim * 2^-24 (2e-5 at 384), far below the gap over 16 rows.
    """
    rows = np.arange(len(vectors)) if passing is None else np.flatnonzero(passing)
    wide = queries.astype(np.float32)
    found_rows, found_scores = np.empty((len(queries), 0), np.int64), np.empty((len(queries), 0), np.float32)
    for first, part in blocks(len(rows), scan_rows):
        some = rows[first : first + part]
        scores = wide @ vectors[some].astype(np.float32).T
        found_rows = np.hstack([found_rows, np.broadcast_to(some, scores.shape)])
        found_scores = np.hstack([found_scores, scores])
        if found_scores.shape[1] > k + SLACK:
            best = np.argpartition(-found_scores, k + SLACK - 1, axis=1)[:, : k + SLACK]
            found_rows = np.take_along_axis(found_rows, best, axis=1)
            found_scores = np.take_along_axis(found_scores, best, axis=1)
    return [_decided(vectors, near, query, k) for near, query in zip(found_rows, queries, strict=True)]


def _decided(vectors: Halves, near: Numbers, query: npt.NDArray[np.float16], k: int) -> Numbers:
    near = np.sort(near)
    exact = vectors[near].astype(np.float64) @ query.astype(np.float64)
    return near[np.argsort(-exact, kind="stable")][:k]


def recall(found: Sequence[Sequence[int] | Numbers], truth: Sequence[Numbers]) -> float:
    """Mean share of the true neighbours that were found; a query without any neighbour counts as 1."""
    if len(found) != len(truth):
        raise ValueError(f"{len(found)} answers for {len(truth)} queries")
    shares = [
        len(set(map(int, answer)) & set(exact.tolist())) / len(exact) if len(exact) else 1.0
        for answer, exact in zip(found, truth, strict=True)
    ]
    return float(np.mean(shares)) if shares else 1.0
