"""The first good answer wins; the rest is ended."""

import asyncio
import gc

import pytest

from schemas.errors import Unavailable
from serving.hedge import Won, first_good

LONG_S = 1_000.0


def may() -> bool:
    return True


def may_not() -> bool:
    return False


async def away() -> str:
    raise Unavailable("away")


async def test_the_first_replica_answers_alone() -> None:
    asked = []

    async def good() -> str:
        asked.append("first")
        return "first"

    async def second() -> str:
        asked.append("second")
        return "second"

    assert await first_good([good, second], LONG_S, may) == Won("first", 0, False)
    assert asked == ["first"]


async def test_a_failure_asks_the_next_at_once() -> None:
    async def good() -> str:
        return "second"

    assert await first_good([away, good], LONG_S, may_not) == Won("second", 0, False)


async def test_a_slow_one_is_overtaken_and_ended() -> None:
    ended = []

    async def slow() -> str:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)
        return "never"

    async def good() -> str:
        return "second"

    before = asyncio.all_tasks()
    assert await first_good([slow, good], 0.01, may) == Won("second", 1, True)
    assert ended == [True]
    assert asyncio.all_tasks() == before


async def test_when_all_are_away_the_last_reason_is_told() -> None:
    with pytest.raises(Unavailable, match="away"):
        await first_good([away, away], LONG_S, may)
    with pytest.raises(Unavailable, match="no replica"):
        await first_good([], LONG_S, may)


async def test_a_bug_is_not_taken_for_a_replica_that_is_away() -> None:
    async def bug() -> str:
        raise KeyError("oops")

    with pytest.raises(KeyError):
        await first_good([bug, away], LONG_S, may)


async def test_cancelling_ends_all_that_run() -> None:
    running = 0

    async def slow() -> str:
        nonlocal running
        running += 1
        try:
            await asyncio.Event().wait()
        finally:
            running -= 1
        return "never"

    task = asyncio.create_task(first_good([slow, slow], 0.001, may))
    while running < 2:
        await asyncio.sleep(0.001)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert running == 0


async def test_without_leave_a_slow_one_is_waited_for() -> None:
    asked = []

    async def slow() -> str:
        await asyncio.sleep(0.03)
        return "first"

    async def second() -> str:
        asked.append("second")
        return "second"

    assert await first_good([slow, second], 0.001, may_not) == Won("first", 0, False)
    assert asked == []


async def test_leave_may_come_later() -> None:
    answers = iter([False, True])

    async def slow() -> str:
        await asyncio.Event().wait()
        return "never"

    async def good() -> str:
        return "second"

    assert await first_good([slow, good], 0.001, lambda: next(answers)) == Won("second", 1, True)


async def test_a_first_one_that_is_overtaken_by_none_still_wins() -> None:
    async def slow() -> str:
        await asyncio.sleep(0.02)
        return "first"

    async def slower() -> str:
        await asyncio.Event().wait()
        return "never"

    assert await first_good([slow, slower], 0.001, may) == Won("first", 1, False)


async def test_one_that_fails_at_the_moment_another_answers_leaves_no_complaint() -> None:
    both, complaints = asyncio.Event(), []

    async def fails() -> str:
        await both.wait()
        raise Unavailable("away")

    async def answers() -> str:
        await both.wait()
        return "good"

    asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context["message"]))
    asyncio.get_running_loop().call_later(0.02, both.set)
    assert (await first_good([fails, answers], 0.001, may)).answer == "good"
    gc.collect()
    assert complaints == []


async def slow_but_enough() -> str:
    await asyncio.sleep(0.03)
    return "new"


async def never() -> str:
    await asyncio.Event().wait()
    return "never"


async def old() -> str:
    return "old"


def enough(answer: str) -> bool:
    return answer == "new"


async def test_an_answer_that_is_not_enough_does_not_win_while_a_better_one_is_under_way() -> None:
    assert await first_good([slow_but_enough, old], 0.001, may, enough, LONG_S) == Won("new", 1, False)
    assert await first_good([slow_but_enough, old], 0.001, may) == Won("old", 1, True), "without the question it would"


async def test_an_answer_that_is_not_enough_is_better_than_none() -> None:
    assert await first_good([away, old], LONG_S, may_not, enough, LONG_S) == Won("old", 0, False)
    assert await first_good([old, never], LONG_S, may, enough, LONG_S) == Won("old", 0, False)
    before = asyncio.all_tasks()
    assert await first_good([never, old], 0.001, may, enough, 0.02) == Won("old", 1, True)
    assert asyncio.all_tasks() == before


async def test_when_the_one_that_was_waited_for_fails_what_is_kept_wins() -> None:
    async def fails() -> str:
        await asyncio.sleep(0.01)
        raise Unavailable("away")

    assert (await first_good([fails, old, old], 0.001, may, enough, LONG_S)).answer == "old"
