"""What the parts of a view find together is what comparing with every row finds."""

from collections.abc import Iterator
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from index_snapshots.nearest import SIGNED_DIM_MIN
from index_snapshots.pacing import Pacing
from index_snapshots.protocol import DocumentChange, Half, Offsets
from index_snapshots.view import ShardView
from schemas.filters import Filters
from schemas.limits import SEARCH_DEPTH_MAX
from tests.unit.index_snapshots.clustered import clustered
from tests.unit.index_snapshots.making import shard

DIM = 40
ROWS = 2_500
PACING = Pacing(head_rows=128, rows_per_s_max=500, exact_max=0)


def changes(vectors: npt.NDArray[np.float16], every_nth_brand: int = 10) -> Iterator[DocumentChange]:
    for at, vector in enumerate(vectors):
        brand = "rare" if at % every_nth_brand == 0 else "other"
        yield DocumentChange(f"sku-{at:05d}", at + 1, at, b"{}", brand, (), vector)


@cache
def rows() -> npt.NDArray[np.float16]:
    return clustered(ROWS, DIM)


@cache
def view() -> ShardView:
    one = shard(dim=DIM, pacing=PACING)
    for at, change in enumerate(changes(rows())):
        one.write([change], Offsets(at + 1, 0))
    for at in range(0, ROWS, 9):  # some die, in every part
        one.write([DocumentChange(f"sku-{at:05d}", ROWS + at + 1, ROWS, None)], Offsets(ROWS + at + 1, 0))
    assert sum(1 for part in one.view.vectors.parts if part.store.segment) >= 1
    return one.view


def alive(at: int) -> bool:
    return at % 9 != 0


def truth(query: Half, of: list[int]) -> list[tuple[str, float]]:
    """By float64 sums of fp16 products, taken one by one."""
    scored = [(-sum(float(a) * float(b) for a, b in zip(query, rows()[at], strict=True)), f"sku-{at:05d}") for at in of]
    return [(sku, -score) for score, sku in sorted(scored)]


def found(query: Half, limit: int, filters: Filters | None = None) -> list[tuple[str, float | None]]:
    return [(one.sku, one.score) for one in view().search(query, limit, filters or Filters()).found]


def test_the_nearest_with_exact_scores() -> None:
    """Scores are the same bits as sums of one product after the other, and few of the nearest are missed."""
    hits = 0
    for query in clustered(30, DIM, seed=100):
        exact, got = truth(query, [at for at in range(ROWS) if alive(at)]), found(query, 10)
        assert set(got) <= set(exact)
        assert got == sorted(got, key=lambda one: (-(one[1] or 0), one[0]))
        hits += len(set(got) & set(exact[:10]))
    assert hits >= 0.98 * 300


def test_a_scan_finds_them_all() -> None:
    for query in clustered(5, DIM, seed=101):
        near = view().vectors.near(query.astype(np.float64), 10, None, view().counts.visible, scan=True)
        best = sorted(zip(near.scores.tolist(), near.slots.tolist(), strict=True), reverse=True)[:10]
        exact = truth(query, [at for at in range(ROWS) if alive(at)])[:10]
        assert [(view().words.skus[slot], score) for score, slot in best] == exact


@pytest.mark.parametrize("limit", [SEARCH_DEPTH_MAX - 1, SEARCH_DEPTH_MAX])
def test_as_many_as_may_be_asked_for(limit: int) -> None:
    query = clustered(1, DIM, seed=100)[0]
    exact = truth(query, [at for at in range(ROWS) if alive(at)])[:limit]
    got = found(query, limit)
    assert len(got) == limit
    assert len(set(got) & set(exact)) >= 0.98 * limit


@pytest.mark.parametrize("nth", [2, 10, 500])
def test_never_fewer_than_pass_a_filter(nth: int) -> None:
    """Many, few and five."""
    one = shard(dim=DIM, pacing=PACING)
    for at, change in enumerate(changes(rows(), nth)):
        one.write([change], Offsets(at + 1, 0))
    query, passing = clustered(1, DIM, seed=104)[0], ROWS // nth
    matches = one.view.search(query, SEARCH_DEPTH_MAX, Filters(brand=["rare"]))
    assert matches.matching == passing
    assert len(matches.found) == min(passing, SEARCH_DEPTH_MAX)
    assert [one.sku for one in matches.found][:5] == [sku for sku, _ in truth(query, list(range(0, ROWS, nth)))[:5]]


def test_what_passes_far_from_the_query_is_found_by_signs() -> None:
    """A filter that goes with the vectors: on one side of a plane all pass, on the other side none."""
    vectors = clustered(6_000, SIGNED_DIM_MIN)
    plane = clustered(1, SIGNED_DIM_MIN, seed=7)[0].astype(np.float64)
    heights = vectors.astype(np.float64) @ plane
    passing = heights > np.median(heights)
    one = shard(dim=SIGNED_DIM_MIN, pacing=Pacing(head_rows=512, rows_per_s_max=500, exact_max=0))
    for begin in range(0, 6_000, 500):
        batch = [
            DocumentChange(f"sku-{at:05d}", at + 1, at, b"{}", "high" if passing[at] else "low", (), vectors[at])
            for at in range(begin, begin + 500)
        ]
        one.write(batch, Offsets(begin + 500, 0))
    hits, queries = 0, clustered(200, SIGNED_DIM_MIN, seed=106)
    lowest = queries[np.argsort(queries.astype(np.float64) @ plane)[:40]]
    for query in lowest:
        scores = np.where(passing, vectors.astype(np.float64) @ query.astype(np.float64), -2.0)
        exact = {f"sku-{at:05d}" for at in np.argsort(-scores)[:10].tolist()}
        matches = one.view.search(query, 10, Filters(brand=["high"]))
        assert matches.matching == 3_000 and len(matches.found) == 10
        hits += len(exact & {hit.sku for hit in matches.found})
    assert any("signs" in vars(part.store) for part in one.view.vectors.parts), "another way was taken"
    assert hits >= 0.98 * 400


def test_equal_rows_go_by_sku() -> None:
    same = np.repeat(clustered(1, DIM), 20, axis=0)
    one = shard(dim=DIM, pacing=PACING)
    for at, change in enumerate(reversed(list(changes(same)))):
        one.write([change._replace(order=at + 1)], Offsets(at + 1, 0))
    matches = one.view.search(same[0], 20, Filters())
    assert [hit.sku for hit in matches.found] == [f"sku-{at:05d}" for at in range(20)]


def test_never_fewer_than_exist_among_thousands_of_equal_rows() -> None:
    vectors = clustered(2_000, DIM)
    vectors[::2] = vectors[0]
    one = shard(dim=DIM, pacing=PACING)
    for at, change in enumerate(changes(vectors)):
        one.write([change], Offsets(at + 1, 0))
    for query in (vectors[0], clustered(1, DIM, seed=105)[0]):
        assert len(one.view.search(query, SEARCH_DEPTH_MAX, Filters()).found) == SEARCH_DEPTH_MAX
