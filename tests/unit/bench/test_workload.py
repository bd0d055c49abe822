"""The workload is the same wherever it is drawn, has unit vectors and clusters, and its mirror follows the stream."""

import numpy as np
import pytest

from bench.workload import BLOCK_ROWS, LATENT_DIM, NEW_SHARE, Mirror, Workload, blocks

WORKLOAD = Workload(rows=3_000, dim=96)


def test_the_same_seed_draws_the_same_bytes_and_another_seed_others() -> None:
    same = Workload(rows=3_000, dim=96)
    assert WORKLOAD.catalogue(0, 500).tobytes() == same.catalogue(0, 500).tobytes()
    assert WORKLOAD.upserts(0, 500).tobytes() == same.upserts(0, 500).tobytes()
    assert WORKLOAD.queries(50).tobytes() == same.queries(50).tobytes()
    assert WORKLOAD.catalogue(0, 5).tobytes() != Workload(3_000, 96, seed=1).catalogue(0, 5).tobytes()


def test_any_stretch_is_what_the_whole_holds_there() -> None:
    around = BLOCK_ROWS - 7
    whole = WORKLOAD.upserts(0, BLOCK_ROWS + 20)
    assert np.array_equal(WORKLOAD.upserts(around, 20), whole[around : around + 20])
    assert np.array_equal(WORKLOAD.upserted(900)[:500], WORKLOAD.upserted(500))


def test_vectors_are_fp16_of_length_one() -> None:
    for vectors in (WORKLOAD.catalogue(0, 200), WORKLOAD.upserts(0, 200), WORKLOAD.queries(200)):
        assert vectors.dtype == np.float16 and vectors.shape == (200, 96)
        assert np.abs(np.linalg.norm(vectors.astype(np.float64), axis=1) - 1).max() < 1e-3


def test_catalogue_upserts_and_queries_are_different_vectors() -> None:
    kinds = [WORKLOAD.catalogue(0, 1), WORKLOAD.upserts(0, 1), WORKLOAD.queries(1)]
    assert len({vectors.tobytes() for vectors in kinds}) == 3


def test_products_of_a_cluster_are_nearer_to_each_other_than_to_the_rest() -> None:
    vectors = WORKLOAD.catalogue(0, 3_000).astype(np.float32)
    clusters = WORKLOAD.catalogue_clusters(0, 3_000)
    same = clusters[:, None] == clusters[None, :]
    np.fill_diagonal(same, val=False)
    products = vectors @ vectors.T
    assert products[same].mean() > 0.4 > 0.1 > products[~same].mean()


def test_a_fifth_of_the_upserts_are_new_and_numbered_on_without_a_hole() -> None:
    upserted = WORKLOAD.upserted(20_000)
    first_seen = np.maximum.accumulate(np.concatenate([[WORKLOAD.rows - 1], upserted]))
    new = upserted > first_seen[:-1]
    assert abs(new.mean() - NEW_SHARE) < 0.01
    assert np.array_equal(upserted[new], WORKLOAD.rows + np.arange(new.sum()))
    assert WORKLOAD.skus_after(20_000) == WORKLOAD.rows + new.sum()
    assert WORKLOAD.skus_after(0) == WORKLOAD.rows


def test_the_mirror_holds_the_newest_vector_of_each_sku_in_steps_or_at_once() -> None:
    count = BLOCK_ROWS + 500
    upserted, vectors = WORKLOAD.upserted(count), WORKLOAD.upserts(0, count)
    expected = dict(enumerate(WORKLOAD.catalogue(0, WORKLOAD.rows)))
    expected |= {int(sku): vector for sku, vector in zip(upserted, vectors, strict=True)}
    straight, stepwise = Mirror(WORKLOAD, count), Mirror(WORKLOAD, count)
    straight.advance(count)
    for upserts in (0, 700, 700, count):
        stepwise.advance(upserts)
    for mirror in (straight, stepwise):
        assert mirror.skus == len(expected)
        assert all(np.array_equal(mirror.vectors[sku], vector) for sku, vector in expected.items())
        skus = WORKLOAD.skus(WORKLOAD.rows + count)
        assert np.array_equal(skus[mirror.records], np.arange(mirror.skus))
        assert np.array_equal(mirror.records, [np.flatnonzero(skus == sku)[-1] for sku in range(mirror.skus)])


def test_the_mirror_goes_neither_back_nor_past_the_end() -> None:
    mirror = Mirror(WORKLOAD, 10)
    mirror.advance(10)
    for upserts in (9, 11):
        with pytest.raises(ValueError, match="stands at 10 of 10"):
            mirror.advance(upserts)


def test_limits_of_the_workload() -> None:
    assert Workload(1, LATENT_DIM).catalogue(0, 1).shape == (1, LATENT_DIM)
    with pytest.raises(ValueError, match="at least one row"):
        Workload(0, LATENT_DIM)
    with pytest.raises(ValueError, match="at least 64 dimensions"):
        Workload(1, LATENT_DIM - 1)


def test_blocks_cover_everything_once() -> None:
    assert list(blocks(0, 4)) == []
    assert list(blocks(4, 4)) == [(0, 4)]
    assert list(blocks(5, 4)) == [(0, 4), (4, 1)]
