"""How much an item of a session weighs, and how far a session can move a hit."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.clicks import CLICK_TYPES, ClickType
from schemas.personal import blended
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


@given(cosines, cosines, st.floats(0, 1))
def test_no_score_moves_by_more_than_the_strength(score: float, affinity: float, strength: float) -> None:
    assert abs(blended(score, affinity, strength) - score) <= strength + 1e-12


@given(cosines, st.floats(-1.002, 1.002), cosines, st.floats(0.01, 1))
def test_what_is_outside_the_window_never_overtakes(a: float, affinity: float, b: float, strength: float) -> None:
    inside, outside = max(a, b), min(a, b)
    assert blended(inside, affinity, strength) > blended(outside, None, strength)
