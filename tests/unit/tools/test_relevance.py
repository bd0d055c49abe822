"""The metric against values worked out by hand."""

from math import log2

import pytest

from bench.relevance import DEPTH, judge, means

RATINGS = {"a": 3.0, "b": 1.0, "c": 0.0, "d": 2.0}
IDEAL = 3 / log2(2) + 2 / log2(3) + 1 / log2(4)
"""3 + 1.2619 + 0.5 = 4.7619: all judged products, best first."""


def test_unjudged_products_take_a_place_in_full_and_none_in_condensed() -> None:
    found = judge(["x", "a", "c", "d"], RATINGS)
    assert found.ndcg_full == pytest.approx((3 / log2(3) + 0 + 2 / log2(5)) / IDEAL)
    assert found.ndcg_condensed == pytest.approx((3 / log2(2) + 0 + 2 / log2(4)) / IDEAL)
    assert found.ndcg_full == pytest.approx(0.57838, abs=1e-5)
    assert found.judged == pytest.approx(0.3)
    assert found.recall == pytest.approx(2 / 3)


def test_the_ideal_order_scores_one() -> None:
    assert judge(["a", "d", "b", "c"], RATINGS).ndcg_full == pytest.approx(1.0)


def test_rank_ten_counts_and_rank_eleven_does_not() -> None:
    others = [f"x{number}" for number in range(9)]
    assert judge([*others, "a"], {"a": 1.0}).ndcg_full == pytest.approx(1 / log2(11))
    assert judge([*others, "y", "a"], {"a": 1.0}).ndcg_full == 0.0


@pytest.mark.parametrize(("unjudged", "condensed"), [(DEPTH - 1, 1.0), (DEPTH, 0.0)])
def test_the_list_is_cut_before_it_is_condensed(unjudged: int, condensed: float) -> None:
    found = judge([f"x{number}" for number in range(unjudged)] + ["a"], {"a": 2.0})
    assert found.ndcg_condensed == condensed
    assert found.recall == condensed


def test_queries_without_a_positive_rating_are_left_out_of_the_means() -> None:
    figures = means([judge(["a"], {"a": 1.0}), judge(["a"], {"a": 0.0}), judge([], {"a": 1.0}), judge([], {})])
    assert figures == {
        "ndcg10_full": 0.5,
        "ndcg10_condensed": 0.5,
        "judged10": 0.05,
        "recall100": 0.5,
        "zero_results": 2,
        "queries": 2,
    }


def test_nothing_judged_gives_no_figure_instead_of_a_zero() -> None:
    assert means([judge(["a"], {})])["ndcg10_full"] is None
