"""The formula moves hits by shares of their relevance: what is out of stock comes later, and never goes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.ranking import RankedHit, RankWeights
from serving.ranking.formula import Formula, scored
from serving.ranking.stage import Order, Window, window_from

WEIGHTS = RankWeights(stock=0.5, named=0.3, popularity=0.2, newness=0.1, price=0.25)
share = st.floats(0, 1)
features = st.fixed_dictionaries(
    {"in_stock": st.booleans()} | dict.fromkeys(("relevance", "named", "popularity", "newness", "price"), share)
)
PLAIN: dict[str, float | bool] = {"relevance": 0.8, "in_stock": True, "popularity": 0.0, "newness": 0.0, "price": 0.0}


def window(*given: dict[str, float | bool]) -> Window:
    """Named by their places."""
    return window_from([RankedHit.model_validate({"sku": str(at), **PLAIN, **one}) for at, one in enumerate(given)])


def ordered(listed: Window, weights: RankWeights) -> Order:
    return Formula(weights).order(listed, Order(range(len(listed.skus)), listed.relevance))


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
    assert scored(window(given_features), WEIGHTS) == [pytest.approx(score)]


@given(st.lists(features, max_size=20))
def test_everything_stays_in_the_list_and_equal_scores_keep_their_order(drawn: list[dict[str, float | bool]]) -> None:
    places, scores = ordered(window(*drawn), WEIGHTS)
    assert sorted(places) == list(range(len(drawn)))
    keys = [(-scores[at], at) for at in places]
    assert keys == sorted(keys) and all(score >= 0 for score in scores)


def test_without_weights_the_relevance_alone_counts() -> None:
    none = RankWeights(stock=0, named=0, popularity=0, newness=0, price=0)
    listed = window({"relevance": 0.9, "in_stock": False}, {"relevance": 0.8, "popularity": 1.0})
    assert ordered(listed, none) == ([0, 1], listed.relevance)
    assert ordered(listed, WEIGHTS).places == [1, 0]
