"""Runs hold every text once, stay inside the token budget, and use only the shapes an engine asked for."""

from hypothesis import given
from hypothesis import strategies as st

from encoders.packing import Pack, Shapes, pack

ANY_SHAPE = Shapes(tokens_per_run=256, run_cost_tokens=4)
FIXED_SHAPES = Shapes(tokens_per_run=256, run_cost_tokens=4, lengths=(16, 32, 64), rows=(1, 2, 4, 8, 16))

counts = st.lists(st.integers(1, 300), max_size=80)
shapes = st.sampled_from([ANY_SHAPE, FIXED_SHAPES])


@given(counts, shapes)
def test_every_text_is_in_one_run_that_is_long_enough(token_counts: list[int], shape: Shapes) -> None:
    packs = pack(token_counts, shape)
    assert sorted(member for run in packs for member in run.members) == list(range(len(token_counts)))
    assert all(token_counts[member] <= run.length for run in packs for member in run.members)


@given(counts, shapes)
def test_only_a_single_text_may_exceed_the_budget(token_counts: list[int], shape: Shapes) -> None:
    for run in pack(token_counts, shape):
        assert len(run.members) * run.length <= shape.tokens_per_run or len(run.members) == 1


@given(counts)
def test_fixed_shapes_are_the_only_ones(token_counts: list[int]) -> None:
    for run in pack(token_counts, FIXED_SHAPES):
        assert run.length in FIXED_SHAPES.lengths or run.length > max(FIXED_SHAPES.lengths)
        assert len(run.members) in FIXED_SHAPES.rows


def test_a_run_is_full_at_the_budget_and_not_one_text_later() -> None:
    assert pack([8, 8], Shapes(tokens_per_run=16)) == [Pack((0, 1), 8)]
    assert pack([8, 8, 8], Shapes(tokens_per_run=16)) == [Pack((0, 1), 8), Pack((2,), 8)]


def test_similar_lengths_run_together() -> None:
    shape = Shapes(tokens_per_run=200, run_cost_tokens=4)
    assert pack([4, 100, 5, 99], shape) == [Pack((1, 3), 100), Pack((2, 0), 5)]


def test_padding_that_costs_less_than_a_run_is_taken_and_more_is_not() -> None:
    assert pack([10, 6], Shapes(tokens_per_run=64, run_cost_tokens=4)) == [Pack((0, 1), 10)]
    assert pack([10, 5], Shapes(tokens_per_run=64, run_cost_tokens=4)) == [Pack((0,), 10), Pack((1,), 5)]


def test_rows_are_never_padded() -> None:
    assert sorted(len(run.members) for run in pack([3] * 7, FIXED_SHAPES)) == [1, 2, 4]


@given(st.lists(st.integers(1, 12), min_size=1, max_size=7), st.integers(0, 6))
def test_no_other_cut_is_cheaper(token_counts: list[int], run_cost_tokens: int) -> None:
    shape = Shapes(tokens_per_run=24, run_cost_tokens=run_cost_tokens)
    found = sum(run_cost_tokens + run.length * len(run.members) for run in pack(token_counts, shape))
    assert found == cheapest(sorted(token_counts, reverse=True), shape)


def cheapest(lengths: list[int], shape: Shapes) -> int:
    """Every way to cut the sorted texts, tried."""
    if not lengths:
        return 0
    return min(
        shape.run_cost_tokens + rows * lengths[0] + cheapest(lengths[rows:], shape)
        for rows in range(1, len(lengths) + 1)
        if rows == 1 or rows * lengths[0] <= shape.tokens_per_run
    )
