"""Vectors become whole numbers, products get their levels from a hash."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from index_snapshots.codes import CLIPPED_AT, LARGEST, LEVELS_MAX, LINKS, codes, levels, scale

EXACT_MAX = 1 << 24
"""Whole numbers up to here are exact in fp32."""


@pytest.mark.parametrize("dim", [8, 100, 384, 1024])
def test_codes_are_whole_numbers_and_clipped(dim: int) -> None:
    vectors = np.zeros((3, dim), dtype=np.float16)
    vectors[0, 0], vectors[1, 0] = 1, -1
    vectors[2, :] = dim**-0.5
    found = codes(vectors)
    largest = min(LARGEST, round(scale(dim)))
    assert found.dtype == np.float32
    assert found[:2, 0].tolist() == [128 + largest, 128 - largest]
    assert (found[:2, 1:] == 128).all()  # zero
    assert (found == np.rint(found)).all()
    assert found.min() >= 1 and found.max() <= 255


@pytest.mark.parametrize("dim", [8, 384, 1024])
def test_distances_of_unit_vectors_are_exact_in_fp32(dim: int) -> None:
    """Opposite vectors are farthest apart; no partial sum of squares is greater than the whole."""
    rng = np.random.default_rng(1)
    drawn = rng.standard_normal((50, dim))
    one = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float16)
    spread = np.full((1, dim), dim**-0.5, dtype=np.float16)
    for vectors in (one, spread):
        assert ((codes(vectors) - codes(-vectors)).astype(np.int64) ** 2).sum(axis=1).max() < EXACT_MAX


def test_components_of_so_many_standard_deviations_are_not_cut_off() -> None:
    assert scale(384) * CLIPPED_AT / 384**0.5 == pytest.approx(LARGEST, abs=0.5)


def test_every_level_holds_a_sixteenth_of_the_one_below() -> None:
    count = 100_000
    heights = Counter(levels(f"sku-{at}") for at in range(count))
    standing = [sum(many for height, many in heights.items() if height > level) for level in range(4)]
    assert standing[0] == count
    for below, above in pairwise(standing):
        assert above == pytest.approx(below / LINKS, rel=5 * (LINKS / below) ** 0.5)  # five standard errors
    assert max(heights) <= LEVELS_MAX


def test_a_level_depends_on_the_sku_alone() -> None:
    assert [levels(sku) for sku in ("sku-1", "lampe-ø", "")] == [levels(sku) for sku in ("sku-1", "lampe-ø", "")]
