"""Searches in the event loop: only while they are short, and never more in one turn than may wait."""

import asyncio

import pytest

from agents.search_threads import SEARCHES_MAX
from agents.shard_search import PLAIN_LIMIT_MAX, Question
from agents.short_searches import SHORT_S, ShortSearches
from schemas.errors import Overloaded
from schemas.filters import Filters
from schemas.shard_messages import ShardQuery
from schemas.wishes import Wishes
from tests.unit.index_snapshots.making import unit


def test_long_searches_go_to_threads_until_they_are_short_again() -> None:
    short = ShortSearches()
    assert short.short
    for _ in range(100):
        short.took(3 * SHORT_S)
    assert not short.short
    for _ in range(100):
        short.took(SHORT_S / 3)
    assert short.short


def test_one_long_search_changes_nothing() -> None:
    short = ShortSearches()
    short.took(20 * SHORT_S)
    assert short.short


async def test_as_many_as_may_wait_are_answered_in_one_turn_of_the_loop() -> None:
    short = ShortSearches()
    for _ in range(SEARCHES_MAX):
        short.begin()
    with pytest.raises(Overloaded):
        short.begin()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    short.begin()


@pytest.mark.parametrize(
    ("limit", "filters", "vector", "plain"),
    [
        (PLAIN_LIMIT_MAX, Filters(), True, True),
        (PLAIN_LIMIT_MAX + 1, Filters(), True, False),
        (5, Filters(in_stock=True), True, False),
        (5, Filters(), False, False),
    ],
)
def test_only_plain_searches_cost_the_same(limit: int, filters: Filters, vector: bool, plain: bool) -> None:
    query = ShardQuery(partition=0, limit=limit, filters=filters, budget_ms=1)
    kept: object = None
    question = Question(kept, query, unit(1) if vector else None, None, 1.0)  # type: ignore[arg-type]
    assert question.plain is plain


def test_a_search_that_wishes_is_not_plain() -> None:
    query = ShardQuery(partition=0, limit=1, wishes=Wishes(unwanted=["fan"]), budget_ms=1)
    kept: object = None
    assert not Question(kept, query, unit(1), None, 1.0).plain  # type: ignore[arg-type]
