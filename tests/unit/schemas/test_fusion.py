"""Words and meaning become one list: what is first in both is first, ties go by SKU, pages fit together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.fusion import CODE_SHARE, DEPTH, WORDS_SHARE, Fused, Ranked, fuse, in_turn, ranked, trust

skus = st.sampled_from([f"{number:02}" for number in range(12)])
lists = st.dictionaries(skus, st.floats(0, 60, width=16), max_size=12).map(lambda found: ranked(found.items()))
shares = st.floats(0, 1)


@given(near=lists, words=lists, share=shares)
def test_what_is_first_in_both_is_first(near: Ranked, words: Ranked, share: float) -> None:
    fused = fuse(near, words, share)
    assert {one.sku for one in fused} == {sku for sku, _ in [*near, *words]}
    assert all(0 <= one.relevance <= 1 + 1e-9 for one in fused)
    assert fuse(near, words, share, 3) == fused[:3]
    if near and words:
        first = next((sku for sku, _ in near if sku == words[0][0]), None)
        if first == near[0][0]:
            assert fused[0].relevance == pytest.approx(1.0)
            ties = [one for one in fused if one.relevance == fused[0].relevance]
            assert first in {one.sku for one in ties}
            assert fused[0].sku == first


@given(near=lists, words=lists, share=shares)
def test_who_is_better_in_both_is_never_behind(near: Ranked, words: Ranked, share: float) -> None:
    by_near, by_words = dict(near), dict(words)
    places = {one.sku: place for place, one in enumerate(fuse(near, words, share))}
    both = sorted(by_near.keys() & by_words.keys())
    for one in both:
        for other in both:
            if by_near[one] > by_near[other] and by_words[one] > by_words[other]:
                assert places[one] < places[other]


@given(found=lists)
def test_one_list_alone_keeps_its_order(found: Ranked) -> None:
    expected = [sku for sku, _ in found]
    assert [one.sku for one in fuse(found, [], 0.5)] == [one.sku for one in fuse([], found, 0.5)] == expected


def test_equals_come_by_sku() -> None:
    found = [("a", 0.5), ("b", 0.5), ("c", 0.5)]
    assert [(one.sku, one.relevance) for one in fuse(found, [], 0.5)] == [("a", 1.0), ("b", 1.0), ("c", 1.0)]


def test_the_ranks_in_each_list_are_told() -> None:
    fused = fuse([("a", 0.9), ("b", 0.1)], [("b", 7.0), ("c", 3.5)], 0.5)
    assert {one.sku: (one.near_rank, one.words_rank) for one in fused} == {"a": (1, None), "b": (2, 1), "c": (None, 2)}
    assert {one.sku: one.relevance for one in fused} == {"a": 0.5, "b": 0.5, "c": 0.25}


@pytest.mark.parametrize(("count", "last"), [(DEPTH - 1, 1 / (DEPTH - 1)), (DEPTH, 0.0), (DEPTH + 1, 0.0)])
def test_few_hits_by_words_are_all_worth_something(count: int, last: float) -> None:
    words = [(f"{number:03}", float(count - number)) for number in range(count)]
    assert fuse([], words, 1.0)[-1].relevance == pytest.approx(last)


def test_a_deeper_list_changes_nothing_above() -> None:
    """Page 12 looks deeper than page 1: what stands on the pages before must stay there."""
    near = [(f"n{number:03}", 1 - number / 1_000) for number in range(400)]
    words = [(f"{'n' if number % 3 else 'w'}{(number * 7) % 400:03}", 500.0 - number) for number in range(400)]
    words = list({sku: (sku, score) for sku, score in words}.values())
    shallow = [one.sku for one in fuse(near[:DEPTH], words[:DEPTH], 0.5)]
    for depth in (150, 399):
        assert [one.sku for one in fuse(near[:depth], words[:depth], 0.5)][: len(shallow)] == shallow


def test_words_are_trusted_as_far_as_a_product_holds_them() -> None:
    assert [trust(cover, code=False) for cover in (0.0, 0.5, 1.0)] == [0.0, WORDS_SHARE / 2, WORDS_SHARE]
    assert trust(0.1, code=True) == CODE_SHARE > WORDS_SHARE


def test_two_lists_by_turns_each_hit_once_as_relevant_as_the_better_one_at_its_place() -> None:
    one = [Fused("a", 1.0, 1, None), Fused("b", 0.8, 2, None), Fused("c", 0.1, 3, None)]
    other = [Fused("x", 0.9, 1, None), Fused("a", 0.9, 2, 1)]
    told = in_turn(one, other)
    assert [(hit.sku, hit.relevance) for hit in told] == [("a", 1.0), ("x", 1.0), ("b", 0.9), ("c", 0.1)]
    assert told[0] == one[0], "of a hit in both the rank in the first one is told"
    assert in_turn(one, []) == one == in_turn([], one)
