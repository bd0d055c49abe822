"""The smallest change of one weight that brings a product among the first: it does, and a smaller one does not."""

import random

import pytest

from schemas.fusion import Fused
from schemas.ranking import RankedHit, RankWeights
from serving.ranking.ranking import Ranked, in_order, stages_of
from serving.ranking.stage import window_from
from serving.ranking.what_if import PAST, smallest_change

WEIGHTS = RankWeights(stock=0.5, named=0.1, popularity=0.1, newness=0.1, price=0.0)


def ranked(
    listed: list[RankedHit], weights: RankWeights = WEIGHTS, exact: bool = False, mmr_lambda: float = 1.0
) -> Ranked:
    window = window_from(listed)
    placed = in_order(window, stages_of("formula", weights, exact, mmr_lambda))
    hits = [Fused(listed[at].sku, listed[at].relevance, None, None) for at in placed.places]
    return Ranked(hits, "formula", weights, exact, mmr_lambda, window, placed)


def rank_of(sku: str, listed: list[RankedHit], weights: RankWeights) -> int:
    return 1 + [one.sku for one in ranked(listed, weights).hits].index(sku)


def product(sku: str, **features: float | bool) -> RankedHit:
    plain = {"relevance": 0.5, "in_stock": True, "popularity": 0.0, "newness": 0.0, "price": 0.0}
    return RankedHit.model_validate({"sku": sku, **plain, **features})


def test_a_popular_product_comes_first_where_popularity_counts_enough() -> None:
    window = [product("plain", relevance=0.6), product("popular", popularity=1.0)]
    change = smallest_change(ranked(window), "popular", 1)
    assert change is not None
    assert (change.setting, change.before, change.rank) == ("FRESHET_RANK_POPULARITY", 0.1, 1)
    assert change.after == pytest.approx(0.2, abs=2 * PAST)


def test_one_that_is_out_of_stock_needs_stock_to_count_less() -> None:
    window = [product("there", relevance=0.4), product("gone", relevance=0.6, in_stock=False)]
    change = smallest_change(ranked(window), "gone", 1)
    assert change is not None and change.setting == "FRESHET_RANK_STOCK"
    assert change.after == pytest.approx(1 / 3, abs=2 * PAST)


def test_the_best_product_is_brought_back_past_a_whole_window() -> None:
    """As a shop is: it stands last when it is sold out, and all others are to be overtaken again."""
    window = [product(f"other-{number}", relevance=0.98 - number / 250) for number in range(99)]
    window.append(product("best", relevance=1.0, in_stock=False))
    assert ranked(window).hits[-1].sku == "best"
    change = smallest_change(ranked(window), "best", 20)
    assert change is not None and (change.setting, change.rank) == ("FRESHET_RANK_STOCK", 20)
    assert change.after == pytest.approx(1 - (0.98 - 19 / 250), abs=2 * PAST)


def test_where_variety_counts_it_is_found_too() -> None:
    window = [product(f"other-{number}", relevance=0.98 - number / 250) for number in range(99)]
    window.append(product("best", relevance=1.0, in_stock=False))
    change = smallest_change(ranked(window, mmr_lambda=0.7), "best", 20)
    assert change is not None and change.setting == "FRESHET_RANK_STOCK" and change.rank <= 20


def test_where_no_weight_helps_none_is_told() -> None:
    window = [product("better", relevance=0.9), product("worse")]
    assert smallest_change(ranked(window), "worse", 1) is None
    assert smallest_change(ranked(window, exact=True), "worse", 1) is None
    assert smallest_change(ranked(window), "elsewhere", 1) is None


@pytest.mark.parametrize("seed", range(20))
def test_it_is_the_smallest(seed: int) -> None:
    drawn = random.Random(seed)
    window = [
        product(
            str(number),
            relevance=round(drawn.uniform(0.3, 0.6), 3),
            in_stock=drawn.random() < 0.7,
            named=drawn.random(),
            popularity=drawn.random(),
            newness=drawn.random(),
            price=drawn.random(),
        )
        for number in range(30)
    ]
    sku = ranked(window).hits[15].sku
    change = smallest_change(ranked(window), sku, 10)
    smallest = abs(change.after - change.before) if change else 1.0
    for name in RankWeights.model_fields:
        before = getattr(WEIGHTS, name)
        for step in range(1, 200):
            for value in (before - step / 200, before + step / 200):
                nearer = 0 <= value <= 1 and abs(value - before) < smallest - 3 * PAST
                if nearer:
                    assert rank_of(sku, window, WEIGHTS.model_copy(update={name: value})) > 10
    if change:
        name = change.setting.removeprefix("FRESHET_RANK_").lower()
        assert rank_of(sku, window, WEIGHTS.model_copy(update={name: change.after})) == change.rank <= 10
