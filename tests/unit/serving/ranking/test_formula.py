"""The formula moves hits by shares of their relevance: what is out of stock comes later, and never goes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.ranking import RankWeights
from serving.ranking.formula import Formula, scored
from serving.ranking.stage import Candidate, Features

WEIGHTS = RankWeights(stock=0.5, named=0.3, popularity=0.2, newness=0.1, price=0.25)
share = st.floats(0, 1)
features = st.builds(Features, share, st.booleans(), share, share, share, share)


def candidate(sku: str, **given: float | bool) -> Candidate:
    found = Features(**({"relevance": 0.8} | given))  # type: ignore[arg-type]
    return Candidate(sku, found, found.relevance)


@pytest.mark.parametrize(
    ("given_features", "score"),
    [
        ({}, 0.8),
        ({"in_stock": False}, 0.4),
        ({"named": 0.5}, 0.8 * 1.15),
        ({"popularity": 1.0}, 0.8 * 1.2),
        ({"newness": 1.0}, 0.8 * 1.1),
        ({"price": 1.0}, 0.8 * 0.75),
        ({"popularity": 1.0, "newness": 0.5, "price": 1.0, "in_stock": False}, 0.8 * 1.0 * 0.5),
    ],
)
def test_each_feature_counts_its_weight_as_a_share_of_the_relevance(
    given_features: dict[str, float | bool], score: float
) -> None:
    assert scored(candidate("a", **given_features).features, WEIGHTS) == pytest.approx(score)


@given(st.lists(features, max_size=20))
def test_everything_stays_in_the_list_and_equal_scores_keep_their_order(drawn: list[Features]) -> None:
    given_candidates = [Candidate(str(at), one, one.relevance) for at, one in enumerate(drawn)]
    ordered = Formula(WEIGHTS).order(given_candidates)
    assert sorted(one.sku for one in ordered) == sorted(one.sku for one in given_candidates)
    keys = [(-one.score, int(one.sku)) for one in ordered]
    assert keys == sorted(keys) and all(one.score >= 0 for one in ordered)


def test_without_weights_the_relevance_alone_counts() -> None:
    none = RankWeights(stock=0, named=0, popularity=0, newness=0, price=0)
    listed = [candidate("a", relevance=0.9, in_stock=False), candidate("b", relevance=0.8, popularity=1.0)]
    assert Formula(none).order(listed) == listed
    assert [one.sku for one in Formula(WEIGHTS).order(listed)] == ["b", "a"]
