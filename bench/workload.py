"""The vectors a shard and its peers are measured on: a clustered catalogue, a stream of upserts, queries. All seeded.

Records are numbered as in a log: 0..rows-1 create the products of the start, what follows is the stream.

1,000 clusters whose weights fall with rank^-0.5; each an anisotropic Gaussian in a latent space of 64 dimensions
(scales i^-0.4; a cluster is 0.7 times as wide as the centres are spread), rotated into `dim` dimensions, normalised,
with isotropic noise of 0.012 per dimension, normalised again, rounded to fp16 as the log holds vectors. Embeddings of
products look like that: few effective dimensions, crowded in places. Uniform vectors would make any index look bad.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

Halves = npt.NDArray[np.float16]
"""Vectors as the log holds them: fp16, shape (n, dim), each of length 1 before rounding."""
Numbers = npt.NDArray[np.int64]

CLUSTERS: Final = 1_000
CLUSTER_WEIGHT_EXPONENT: Final = -0.5
LATENT_DIM: Final = 64
SCALE_EXPONENT: Final = -0.4
WITHIN_SCALE: Final = 0.7
NOISE_PER_DIMENSION: Final = 0.012
NEW_SHARE: Final = 0.2
"""So many of the upserts are new SKUs; the rest replace the vector of one that exists, each equally likely."""
BLOCK_ROWS: Final = 4_096
"""Drawn at once, by a generator of their own: any stretch is made without what comes before it. Ask for long ones."""
DEFAULT_SEED: Final = 20_240_501

MODEL, CATALOGUE, UPSERTS, CHOICES, QUERIES, LABELS = range(6)
"""What a generator is for; part of its seed."""


@dataclass(frozen=True)
class Workload:
    """`rows` products at the start, SKU numbers 0..rows-1, of `dim` dimensions.

    Raises ValueError when there is no row or fewer than LATENT_DIM dimensions.
    """

    rows: int
    dim: int
    seed: int = DEFAULT_SEED

    def __post_init__(self) -> None:
        if self.rows < 1:
            raise ValueError(f"needs at least one row, got {self.rows}")
        if self.dim < LATENT_DIM:
            raise ValueError(f"needs at least {LATENT_DIM} dimensions, got {self.dim}")

    def catalogue(self, first: int, count: int) -> Halves:
        """Vectors of the SKUs `first`..`first + count - 1` at the start; (count, dim)."""
        return self._stretch(CATALOGUE, first, count)[0]

    def upserts(self, first: int, count: int) -> Halves:
        """Vectors of the upserts `first`..`first + count - 1`; (count, dim). `upserted` says which SKUs they are of."""
        return self._stretch(UPSERTS, first, count)[0]

    def queries(self, count: int) -> Halves:
        """(count, dim), from the same model as the products, none of which they are."""
        return self._stretch(QUERIES, 0, count)[0]

    def catalogue_clusters(self, first: int, count: int) -> Numbers:
        """To which cluster those products belong, 0..CLUSTERS-1; (count,)."""
        return self._stretch(CATALOGUE, first, count)[1]

    def upsert_clusters(self, first: int, count: int) -> Numbers:
        return self._stretch(UPSERTS, first, count)[1]

    def skus(self, records: int) -> Numbers:
        """SKU numbers of the first `records` records; (records,)."""
        return np.concatenate([np.arange(self.rows), self.upserted(max(0, records - self.rows))])[:records]

    def upserted(self, count: int) -> Numbers:
        """SKU numbers of the first `count` upserts, in order; (count,). New SKUs are numbered on from `rows`."""
        blocks = [self._choices(block) for block in range(-(-count // BLOCK_ROWS))]
        new = np.concatenate([block[0] for block in blocks] or [np.empty(0, dtype=bool)])[:count]
        place = np.concatenate([block[1] for block in blocks] or [np.empty(0)])[:count]
        known = self.rows + np.cumsum(new) - new
        upserted: Numbers = np.where(new, known, (place * known).astype(np.int64))
        return upserted

    def skus_after(self, count: int) -> int:
        """How many SKUs there are after so many upserts."""
        upserted = self.upserted(count)
        return max(self.rows, int(upserted.max(initial=-1)) + 1)

    @property
    def cluster_weights(self) -> npt.NDArray[np.float64]:
        """The share of each cluster in all vectors, (CLUSTERS,)."""
        return self._model.weights

    def _choices(self, block: int) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
        """Which upserts of a block are new SKUs, and where in the known ones (0..1) the others fall."""
        dice = self.dice(CHOICES, block)
        return dice.random(BLOCK_ROWS) < NEW_SHARE, dice.random(BLOCK_ROWS)

    def _stretch(self, kind: int, first: int, count: int) -> tuple[Halves, Numbers]:
        vectors = np.empty((count, self.dim), dtype=np.float16)
        clusters = np.empty(count, dtype=np.int64)
        done = 0
        while done < count:
            block, start = divmod(first + done, BLOCK_ROWS)
            taken = min(BLOCK_ROWS - start, count - done)
            drawn, of = self._block(kind, block)
            vectors[done : done + taken] = drawn[start : start + taken]
            clusters[done : done + taken] = of[start : start + taken]
            done += taken
        return vectors, clusters

    def _block(self, kind: int, block: int) -> tuple[Halves, Numbers]:
        dice, model = self.dice(kind, block), self._model
        clusters = dice.choice(CLUSTERS, BLOCK_ROWS, p=model.weights)
        latent = model.centres[clusters] + dice.standard_normal((BLOCK_ROWS, LATENT_DIM), np.float32) * model.within
        vectors = _unit(latent @ model.rotation)
        vectors += NOISE_PER_DIMENSION * dice.standard_normal(vectors.shape, np.float32)
        return _unit(vectors).astype(np.float16), clusters

    def dice(self, kind: int, block: int) -> np.random.Generator:
        """The generator of one block of what `kind` names."""
        return np.random.default_rng([self.seed, self.dim, kind, block])

    @cached_property
    def _model(self) -> "_Model":
        dice = self.dice(MODEL, 0)
        weights = np.arange(1, CLUSTERS + 1) ** CLUSTER_WEIGHT_EXPONENT
        scales = (np.arange(1, LATENT_DIM + 1) ** SCALE_EXPONENT).astype(np.float32)
        rotation, _ = np.linalg.qr(dice.standard_normal((self.dim, LATENT_DIM)))
        return _Model(
            weights=weights / weights.sum(),
            centres=dice.standard_normal((CLUSTERS, LATENT_DIM), np.float32) * scales,
            within=WITHIN_SCALE * scales,
            rotation=np.ascontiguousarray(rotation.T.astype(np.float32)),
        )


@dataclass(frozen=True)
class _Model:
    weights: npt.NDArray[np.float64]
    """(CLUSTERS,), sum 1."""
    centres: npt.NDArray[np.float32]
    """(CLUSTERS, LATENT_DIM)."""
    within: npt.NDArray[np.float32]
    """Standard deviation of a cluster in each latent dimension, (LATENT_DIM,)."""
    rotation: npt.NDArray[np.float32]
    """(LATENT_DIM, dim), orthonormal rows."""


def _unit(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


class Mirror:
    """What the catalogue holds after any number of upserts: row i is the vector of SKU number i."""

    def __init__(self, workload: Workload, upserts_max: int) -> None:
        self._workload = workload
        self._upserted = workload.upserted(upserts_max)
        self._vectors = np.empty((workload.skus_after(upserts_max), workload.dim), dtype=np.float16)
        for first, part in blocks(workload.rows):
            self._vectors[first : first + part] = workload.catalogue(first, part)
        self._records = np.arange(len(self._vectors))
        self.skus = workload.rows
        self.upserts = 0

    @property
    def vectors(self) -> Halves:
        """(skus, dim) as it stands; changes with the next `advance`."""
        return self._vectors[: self.skus]

    @property
    def records(self) -> Numbers:
        """(skus,): which record each row is from."""
        return self._records[: self.skus]

    def advance(self, upserts: int) -> None:
        """Applies the stream up to its first `upserts`. Raises ValueError when that is past the end, or backwards."""
        if not self.upserts <= upserts <= len(self._upserted):
            raise ValueError(f"{upserts} upserts: it stands at {self.upserts} of {len(self._upserted)}")
        for first, part in blocks(upserts - self.upserts):
            start = self.upserts + first
            skus = self._upserted[start : start + part]
            vectors = self._workload.upserts(start, part)
            newest = len(skus) - 1 - np.unique(skus[::-1], return_index=True)[1]  # of a SKU twice the later one counts
            self._vectors[skus[newest]] = vectors[newest]
            self._records[skus[newest]] = self._workload.rows + start + newest
            self.skus = max(self.skus, int(skus.max()) + 1)
        self.upserts = upserts


def blocks(count: int, size: int = BLOCK_ROWS) -> Iterator[tuple[int, int]]:
    """(first, length) of consecutive stretches of at most `size` that cover 0..count-1."""
    for first in range(0, count, size):
        yield first, min(size, count - first)
