"""MMR against its definition, written out: next comes what is best and least like the most similar one above it."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.ranking import RankedHit
from serving.ranking.diversity import BAND_FACTOR, CATEGORY_SHARE, Diversity, price_band
from serving.ranking.stage import Order, window_from

LEVELS = ("Home", "Light", "Floor")


class Candidate(NamedTuple):
    sku: str
    score: float
    category: tuple[str, ...] = ()
    band: int | None = None


def diverse(listed: list[Candidate], share: float) -> list[Candidate]:
    plain = {"in_stock": True, "popularity": 0.0, "newness": 0.0, "price": 0.0}
    hits = [
        RankedHit.model_validate(
            {**plain, "sku": one.sku, "relevance": one.score, "category": list(one.category), "band": one.band}
        )
        for one in listed
    ]
    window = window_from(hits)
    return [listed[at] for at in Diversity(share).order(window, Order(range(len(listed)), window.relevance)).places]


def alike(one: Candidate, other: Candidate) -> float:
    """The share of the longer path that both have from the root, and whether they are in one price band."""
    shared = 0
    for mine, theirs in zip(one.category, other.category, strict=False):
        if mine != theirs:
            break
        shared += 1
    longer = max(len(one.category), len(other.category))
    by_category = shared / longer if longer else 0.0
    by_price = one.band is not None and one.band == other.band
    return CATEGORY_SHARE * by_category + (1 - CATEGORY_SHARE) * by_price


def oracle(listed: list[Candidate], share: float) -> list[Candidate]:
    best = max(one.score for one in listed)
    left, chosen = list(listed), list[Candidate]()
    while left:
        marginals = [
            share * (one.score / best if best > 0 else 0.0)
            - (1 - share) * max((alike(one, above) for above in chosen), default=0.0)
            for one in left
        ]
        chosen.append(left.pop(marginals.index(max(marginals))))
    return chosen


drawn = st.lists(
    st.builds(
        Candidate,
        st.uuids().map(str),
        st.sampled_from([0.0, 0.25, 0.5, 0.625, 0.75, 1.0]),
        st.lists(st.sampled_from(LEVELS), max_size=3).map(tuple),
        st.none() | st.integers(0, 2),
    ),
    min_size=1,
    max_size=12,
)


@given(drawn, st.sampled_from([0.0, 0.25, 0.5, 0.75, 0.9]))
def test_it_is_what_the_definition_says(listed: list[Candidate], share: float) -> None:
    listed.sort(key=lambda one: -one.score)
    assert diverse(listed, share) == oracle(listed, share)


@given(drawn)
def test_lambda_1_is_relevance_only(listed: list[Candidate]) -> None:
    assert diverse(listed, 1.0) == listed


def test_a_second_lamp_gives_way_to_a_chair_that_is_nearly_as_good() -> None:
    lamps = [Candidate("a", 1.0, ("Home", "Light"), 4), Candidate("b", 0.9, ("Home", "Light"), 4)]
    chair = Candidate("c", 0.8, ("Seats",), 6)
    assert [one.sku for one in diverse([*lamps, chair], 0.7)] == ["a", "c", "b"]
    assert [one.sku for one in diverse([*lamps, chair], 0.99)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [(10.0, 10.0, True), (8.0, 8.0 * BAND_FACTOR, False), (8.0, 15.9, True), (0.0, 0.01, False)],
)
def test_prices_of_one_band_differ_by_less_than_its_factor(one: float, other: float, same: bool) -> None:
    assert (price_band(one) == price_band(other)) is same and price_band(None) is None
