"""Stages that are late or away are left out and named, and nothing is left running."""

import asyncio
import gc
import warnings

import pytest

from schemas.errors import Unavailable
from schemas.suggest import ShardSuggestions, SuggestQuery
from serving.budget import Budget
from serving.suggest.suggest import suggest_names
from tests.unit.serving.fakes import Clock


async def give(value: str) -> str:
    return value


async def never() -> str:
    await asyncio.Event().wait()
    return "too late"


async def test_a_stage_in_time_gives_its_result() -> None:
    budget = Budget(10, asyncio.get_running_loop().time)
    assert await budget.attempt("encode", lambda: give("done"), "default") == "done"
    assert budget.skipped == []
    assert list(budget.spent_ms) == ["encode"]


async def test_a_late_stage_is_cancelled_and_named() -> None:
    budget = Budget(0.05, asyncio.get_running_loop().time)
    before = asyncio.all_tasks()
    assert await budget.attempt("encode", never, "default") == "default"
    assert budget.skipped == ["encode"]
    assert asyncio.all_tasks() == before


async def test_without_time_left_a_stage_is_not_started() -> None:
    clock = Clock()
    budget = Budget(1, clock)
    clock.now_s += 1
    assert await budget.attempt("shard-0", lambda: give("done"), "default") == "default"
    assert budget.skipped == ["shard-0"]


async def test_a_stage_that_is_away_is_named_and_a_bug_is_kept_for_the_log() -> None:
    async def away() -> str:
        raise Unavailable("the shard is away")

    async def bug() -> str:
        raise KeyError("oops")

    budget = Budget(10, asyncio.get_running_loop().time)
    assert await budget.attempt("shard-0", away, "default") == "default"
    assert await budget.attempt("shard-1", bug, "default") == "default"
    assert budget.skipped == ["shard-0", "shard-1"]
    assert [stage for stage, _ in budget.surprises] == ["shard-1"]


async def test_a_stage_may_take_only_its_share() -> None:
    budget = Budget(1_000, asyncio.get_running_loop().time)
    assert await budget.attempt("encode", never, "default", share=0.00001) == "default"
    assert budget.left_s() > 900


async def test_cancelling_the_request_is_not_swallowed() -> None:
    budget = Budget(1_000, asyncio.get_running_loop().time)
    task = asyncio.create_task(budget.attempt("encode", never, "default"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_search_that_ends_before_its_stages_began_leaves_nothing_unawaited() -> None:
    class NeverAsked:
        partitions = range(3)

        async def suggest(self, query: SuggestQuery, budget: Budget) -> ShardSuggestions:
            raise AssertionError

    budget = Budget(1_000, asyncio.get_running_loop().time)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        task = asyncio.create_task(suggest_names("lamp", "brands", NeverAsked(), budget))
        await asyncio.sleep(0)  # the stages have tasks, and none has made a step
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        gc.collect()
    assert warned == []
