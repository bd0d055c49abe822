"""The exact search is exact: same hits and the same bits as the plainest sum, with ties by SKU."""

import numpy as np
import pytest

from index_snapshots.apply import apply
from index_snapshots.pacing import Pacing
from index_snapshots.protocol import Half
from index_snapshots.search import at_least
from index_snapshots.writer import ShardWriter
from schemas.errors import InvalidRequest
from schemas.filters import Filters
from schemas.records import Order
from tests.unit.index_snapshots.making import DIM, b64, content, document, logged, offer, shard, unit

WIDE = 384


def wide_shard(vectors: list[Half], brands: int) -> ShardWriter:
    one = shard(dim=WIDE, pacing=Pacing())
    documents = [
        document(f"{i:04}", i, of=content(brand=f"brand {i % brands}")).model_copy(update={"vector": b64(vector)})
        for i, vector in enumerate(vectors)
    ]
    assert not apply(logged("documents", documents), one).refused
    return one


def near(center: Half, count: int) -> list[Half]:
    """Vectors so close together that fp32 cannot tell their scores apart."""
    rng = np.random.default_rng(3)
    found = []
    for _ in range(count):
        vector = center.astype(np.float64) + rng.standard_normal(WIDE) * 1e-5
        found.append((vector / np.linalg.norm(vector)).astype(np.float16))
    return found


@pytest.mark.parametrize("brands", [1, 16])
def test_scores_are_exact_where_fp32_is_not(brands: int) -> None:
    center = unit(1, WIDE)
    vectors = near(center, 400)
    query = unit(2, WIDE)
    found = wide_shard(vectors, brands).view.search(query, 20, Filters(brand=["brand 0"])).found
    truth = sorted(
        (-sum(float(a) * float(b) for a, b in zip(query, vector, strict=True)), f"{i:04}")
        for i, vector in enumerate(vectors)
        if i % brands == 0
    )
    assert [(-(one.score or 0), one.sku) for one in found] == truth[:20]


@pytest.mark.parametrize(
    ("by", "skus"),
    [
        (Filters(), "abcd"),
        (Filters(brand=["Anker"]), "ab"),
        (Filters(brand=["anker"]), ""),
        (Filters(brand=["Anker", "Bosch", "Unknown"]), "abc"),
        (Filters(category=[["Home"]]), "abc"),
        (Filters(category=[["Home", "Lamps"]]), "bc"),
        (Filters(category=[["Lamps"]]), ""),
        (Filters(category=[["Home", "Lamps", "Desk"], ["Garden"]]), "cd"),
        (Filters(price_min=2.0), "bc"),
        (Filters(price_max=2.0), "ab"),
        (Filters(price_min=2.0, price_max=2.0), "b"),
        (Filters(price_min=2.01, price_max=2.99), ""),
        (Filters(currency="EUR"), "abc"),
        (Filters(currency="USD"), ""),
        (Filters(in_stock=True), "ac"),
        (Filters(in_stock=False), "bd"),
        (Filters(brand=["Anker"], category=[["Home"]], price_min=1.5, in_stock=False), "b"),
    ],
)
def test_filters(by: Filters, skus: str) -> None:
    one = shard()
    kinds = {
        "a": content(brand="Anker", category=["Home"]),
        "b": content(brand="Anker", category=["Home", "Lamps"]),
        "c": content(brand="Bosch", category=["Home", "Lamps", "Desk"]),
        "d": content(category=["Garden"]),
    }
    costs = [offer("a", 1, price=1.0), offer("b", 1, price=2.0, stock=0), offer("c", 1, price=3.0)]
    documents = logged("documents", [document(sku, 1, of=of) for sku, of in kinds.items()])
    apply([*documents, *logged("offers", costs)], one)
    for vector in (None, unit(1)):
        found, matching = one.view.search(vector, 10, by)
        assert ("".join(each.sku for each in found), matching) == (skus, len(skus))


def test_equal_scores_go_by_sku_whatever_the_order_of_arrival() -> None:
    one = shard()
    skus = ["m", "z", "b", "a", "y"]
    apply(logged("documents", [document(sku, i) for i, sku in enumerate(skus)]), one)
    assert [found.sku for found in one.view.search(unit(3), 3, Filters()).found] == ["a", "b", "m"]


def test_newest_first_without_a_vector() -> None:
    one = shard()
    records = [document("old", 900), document("c", 7), document("a", 7), document("new", 1)]
    records[3] = records[3].model_copy(update={"order": Order(2, 1)})
    apply(logged("documents", records), one)
    assert [found.sku for found in one.view.search(None, 3, Filters()).found] == ["new", "old", "a"]
    assert one.view.search(None, 3, Filters()).matching == 4


@pytest.mark.parametrize("limit", [1, 4, 5, 6])
def test_limit(limit: int) -> None:
    one = shard()
    apply(logged("documents", [document(str(i), i, seed=i) for i in range(5)]), one)
    for vector in (None, unit(1)):
        found, matching = one.view.search(vector, limit, Filters())
        assert (len(found), matching) == (min(limit, 5), 5)


def test_an_empty_shard_answers() -> None:
    assert shard().view.search(unit(1), 3, Filters(brand=["x"])) == ([], 0)
    assert shard().view.search(None, 3, Filters()) == ([], 0)


@pytest.mark.parametrize(
    "vector",
    [
        unit(1, DIM + 1),
        unit(1, DIM - 1),
        unit(1).astype(np.float32),
        np.zeros(DIM, dtype=np.float16),
        np.full(DIM, np.nan, dtype=np.float16),
        np.full(DIM, np.inf, dtype=np.float16),
    ],
)
def test_a_bad_query_vector_is_refused(vector: Half) -> None:
    with pytest.raises(InvalidRequest) as error:
        shard().view.search(vector, 3, Filters())
    assert error.value.code == "bad_vector"


def test_at_least_keeps_ties() -> None:
    values = np.array([0.5, 0.9, 0.7, 0.7, 0.65])
    assert at_least(values, 2).tolist() == [1, 2, 3]
    assert at_least(values, 5).tolist() == at_least(values, 6).tolist() == [0, 1, 2, 3, 4]
