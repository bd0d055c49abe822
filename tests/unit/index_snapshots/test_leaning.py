"""How near the best hits of a shard are to a session, exactly, and the same for every page."""

import numpy as np
import pytest

from index_snapshots.apply import apply
from index_snapshots.protocol import Found, Half, Leaning
from index_snapshots.view import ShardView
from schemas.errors import InvalidRequest
from schemas.filters import Filters
from schemas.personal import RERANK_WINDOW
from tests.unit.index_snapshots.making import DIM, document, hits, logged, no_document, offer, unit
from tests.unit.index_snapshots.making import shard as make_shard

QUERY, SESSION, STRENGTH = unit(1_000), unit(2_000), 0.3


def view_of(count: int) -> ShardView:
    shard = make_shard()
    documents = [document(f"{number:04}", number, seed=number) for number in range(count)]
    assert not apply(logged("documents", documents), shard).refused
    return shard.view


def exact(one: Half, other: Half) -> float:
    return sum(float(a) * float(b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("count", [5, RERANK_WINDOW, RERANK_WINDOW + 1, RERANK_WINDOW + 60])
def test_it_agrees_with_the_plainest_sums(count: int) -> None:
    found = view_of(count).search(QUERY, count, Filters(), Leaning(SESSION, STRENGTH)).found
    scores = {f"{number:04}": exact(QUERY, unit(number)) for number in range(count)}
    window = sorted(scores, key=lambda sku: (-scores[sku], sku))[:RERANK_WINDOW]
    affinity = {sku: exact(SESSION, unit(int(sku))) for sku in window}
    truth = sorted(scores, key=lambda sku: (-scores[sku], sku))
    assert [one.sku for one in found] == truth
    assert [(one.score, one.affinity) for one in found] == [(scores[sku], affinity.get(sku)) for sku in truth]


def test_the_first_hits_are_the_same_whatever_the_limit() -> None:
    view = view_of(RERANK_WINDOW + 60)

    def first(limit: int) -> list[Found]:
        return view.search(QUERY, limit, Filters(), Leaning(SESSION, STRENGTH)).found

    whole = first(RERANK_WINDOW + 60)
    for limit in (1, 10, RERANK_WINDOW - 1, RERANK_WINDOW, RERANK_WINDOW + 1, RERANK_WINDOW + 59):
        assert first(limit) == whole[:limit]
    assert [one.affinity is not None for one in whole] == [True] * RERANK_WINDOW + [False] * 60


def test_without_a_session_nothing_has_an_affinity() -> None:
    found = view_of(5).search(QUERY, 5, Filters()).found
    assert [one.affinity for one in found] == [None] * 5
    newest = view_of(5).search(None, 5, Filters(), Leaning(SESSION, STRENGTH)).found
    assert [one.sku for one in newest] == ["0004", "0003", "0002", "0001", "0000"]


def test_hits_carry_their_affinity() -> None:
    view = view_of(3)
    found = view.search(QUERY, 3, Filters(), Leaning(SESSION, STRENGTH)).found
    assert [(hit.sku, hit.affinity) for hit in hits(view, found)] == [(one.sku, one.affinity) for one in found]


def test_a_session_vector_is_checked() -> None:
    wrong = [np.ones(DIM, np.float16), unit(1, DIM + 1), unit(1).astype(np.float32)]
    for vector in wrong:
        with pytest.raises(InvalidRequest):
            view_of(2).search(QUERY, 2, Filters(), Leaning(vector, STRENGTH))  # type: ignore[arg-type]


def test_the_vector_of_a_product_is_given_as_the_log_holds_it() -> None:
    shard = make_shard()
    documents = [document("a", 1, seed=7), document("b", 2), no_document("b", 3)]
    apply(logged("documents", documents), shard)
    apply(logged("offers", [offer("only an offer", 4)]), shard)
    assert shard.view.vector("a") == unit(7).astype("<f2").tobytes()
    assert [shard.view.vector(sku) for sku in ("b", "only an offer", "never")] == [None] * 3
