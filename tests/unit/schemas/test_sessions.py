"""How much an item of a session weighs, and how far a session can move a hit."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.clicks import CLICK_TYPES, ClickType
from schemas.fusion import Fused
from schemas.personal import RERANK_WINDOW, moved
from schemas.sessions import (
    DECAY_ITEMS,
    HISTORY_MS,
    TYPE_WEIGHTS,
    Item,
    SessionClick,
    history_left_ms,
    session_weights,
    strongest,
)

kinds = st.sampled_from(CLICK_TYPES)
cosines = st.floats(-1, 1)


def items(*of: ClickType) -> list[Item]:
    return [Item(str(number), kind, 0) for number, kind in enumerate(of)]


def test_a_stronger_sign_weighs_more() -> None:
    assert [TYPE_WEIGHTS[kind] for kind in CLICK_TYPES] == sorted(set(TYPE_WEIGHTS.values()))
    click, purchase = session_weights(items("click", "purchase"))
    assert purchase / click == pytest.approx(6 * math.exp(-1 / DECAY_ITEMS))


@given(st.lists(kinds, min_size=1, max_size=20))
def test_weights_are_shares_and_fall_with_age(of: list[ClickType]) -> None:
    weights = session_weights(items(*of))
    assert math.fsum(weights) == pytest.approx(1) and all(weight > 0 for weight in weights)
    same = session_weights(items(*[of[0]] * len(of)))
    assert same == sorted(same, reverse=True)


def test_nothing_has_no_weights() -> None:
    assert session_weights([]) == []


@given(kinds, kinds)
def test_the_strongest_sign_stays(one: ClickType, other: ClickType) -> None:
    assert strongest(one, other) == strongest(other, one) == max(one, other, key=lambda kind: TYPE_WEIGHTS[kind])


@pytest.mark.parametrize(
    ("late_ms", "left_ms"),
    [(0, HISTORY_MS), (HISTORY_MS - 1, 1), (HISTORY_MS, 1), (HISTORY_MS * 9, 1), (-5, HISTORY_MS)],
)
def test_a_late_click_adds_no_time(late_ms: int, left_ms: int) -> None:
    assert history_left_ms(SessionClick("s", "a", "click", 0, 1_000_000), 1_000_000 + late_ms) == left_ms


relevances = st.floats(0, 1)
lists = st.lists(st.tuples(relevances, cosines), min_size=1, max_size=8)
strengths = st.floats(0, 1)


def drawn_hits(pairs: list[tuple[float, float]]) -> tuple[list[Fused], dict[str, float]]:
    hits = [Fused(f"{at}", relevance, at + 1, None) for at, (relevance, _) in enumerate(pairs)]
    return hits, {f"{at}": affinity for at, (_, affinity) in enumerate(pairs)}


@given(lists, strengths)
def test_no_hit_moves_by_more_than_the_strength_and_none_is_lost(
    pairs: list[tuple[float, float]], strength: float
) -> None:
    hits, affinities = drawn_hits(pairs)
    after = {one.sku: one.relevance for one in moved(hits, affinities, strength)}
    assert after.keys() == affinities.keys()
    assert all(abs(after[one.sku] - one.relevance) <= strength + 1e-9 for one in hits)
    assert all(0 <= relevance <= 1 + 1e-9 for relevance in after.values())


@given(lists, st.floats(0.01, 1))
def test_what_is_outside_the_window_never_overtakes(pairs: list[tuple[float, float]], strength: float) -> None:
    hits, affinities = drawn_hits(pairs)
    outside = [Fused(f"out {at}", 0.0, RERANK_WINDOW + at, None) for at in range(1, 3)]
    after = moved([*hits, *outside], affinities, strength)
    assert [one.sku for one in after[-2:]] == ["out 1", "out 2"]


@given(lists, strengths)
def test_a_session_that_has_nothing_to_do_with_any_hit_moves_nothing(
    pairs: list[tuple[float, float]], strength: float
) -> None:
    hits, affinities = drawn_hits(pairs)
    against = {sku: -abs(affinity) for sku, affinity in affinities.items()}
    plain = {one.sku: one.relevance for one in hits}
    assert {one.sku: one.relevance for one in moved(hits, against, strength)} == plain
    assert moved(hits, {}, strength) == hits


def test_of_equal_hits_the_one_the_session_is_nearest_to_comes_first() -> None:
    hits, affinities = drawn_hits([(0.5, 0.2), (0.5, 0.9), (0.5, 0.4)])
    assert [one.sku for one in moved(hits, affinities, 0.2)] == ["1", "2", "0"]
