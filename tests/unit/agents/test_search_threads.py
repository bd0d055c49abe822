"""Threads for searches: what waits is answered together, within limits, and each hears of its own error."""

import asyncio
from collections.abc import Sequence
from threading import Event

import pytest
from aiohttp import ClientSession, web

from agents.health import runner_of
from agents.search_threads import SEARCH_BATCH_MAX, SEARCHES_MAX, SearchThreads
from schemas.errors import InvalidRequest, Overloaded
from tests.waiting import LIMIT_S


class Doubling:
    """Doubles numbers; a 0 keeps its thread until `go`, a -1 until `go_on`."""

    def __init__(self, threads: int = 1) -> None:
        self.go, self.go_on = Event(), Event()
        self.batches: list[list[int]] = []
        self.threads: SearchThreads[int, int] = SearchThreads(self.answer, threads)

    def answer(self, questions: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(questions))
        if 0 in questions:
            assert self.go.wait(LIMIT_S)
        if -1 in questions:
            assert self.go_on.wait(LIMIT_S)
        if 13 in questions:
            raise ZeroDivisionError("a bug")
        return [InvalidRequest("odd", "one") if one == 1 else 2 * one for one in questions]

    async def ask(self, *questions: int) -> "list[asyncio.Task[int]]":
        """Asks one after the other, without waiting for answers."""
        tasks = []
        for question in questions:
            tasks.append(asyncio.create_task(self.threads.ask(question)))
            await asyncio.sleep(0)
        return tasks

    async def busy(self, threads: int) -> "list[asyncio.Task[int]]":
        """Keeps all threads busy."""
        tasks = await self.ask(*[0] * threads)
        async with asyncio.timeout(LIMIT_S):
            while len(self.batches) < threads:
                await asyncio.sleep(0.001)
        return tasks


async def test_each_gets_its_own_answer_or_error() -> None:
    doubling = Doubling()
    first = await doubling.busy(1)
    tasks = await doubling.ask(1, 2, 3)
    doubling.go.set()
    no, four, six = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(no, InvalidRequest) and (four, six) == (4, 6)
    assert await first[0] == 0 and await doubling.threads.ask(5) == 10


@pytest.mark.parametrize(
    ("waiting", "batches"), [(SEARCH_BATCH_MAX, [SEARCH_BATCH_MAX]), (SEARCH_BATCH_MAX + 1, [SEARCH_BATCH_MAX, 1])]
)
async def test_so_many_are_answered_together(waiting: int, batches: list[int]) -> None:
    doubling = Doubling()
    tasks = await doubling.busy(1) + await doubling.ask(*range(2, waiting + 2))
    doubling.go.set()
    assert await asyncio.gather(*tasks) == [0, *range(4, 2 * waiting + 4, 2)]
    assert [len(batch) for batch in doubling.batches[1:]] == batches


async def test_a_thread_takes_its_share_and_leaves_the_rest_to_the_others() -> None:
    doubling = Doubling(threads=2)
    both = await doubling.busy(2)
    tasks = await doubling.ask(2, 3, -1, 4)
    doubling.go.set()
    assert await asyncio.gather(*both, *tasks[:2], tasks[3]) == [0, 0, 4, 6, 8]
    assert [2, 3] in doubling.batches and [-1] in doubling.batches
    doubling.go_on.set()
    assert await tasks[2] == -2


async def test_so_many_may_wait_or_run() -> None:
    doubling = Doubling()
    tasks = await doubling.ask(*[0] * SEARCHES_MAX)
    with pytest.raises(Overloaded, match="waiting here already"):
        await doubling.threads.ask(2)
    doubling.go.set()
    await asyncio.gather(*tasks)
    assert await doubling.threads.ask(2) == 4


async def test_a_bug_is_heard_by_those_who_asked_and_the_thread_goes_on() -> None:
    doubling = Doubling()
    with pytest.raises(ZeroDivisionError):
        await doubling.threads.ask(13)
    assert await doubling.threads.ask(2) == 4


async def test_a_request_that_was_given_up_harms_no_other() -> None:
    doubling = Doubling()
    first = await doubling.busy(1)
    gone, stays = await doubling.ask(2, 3)
    gone.cancel()
    doubling.go.set()
    assert (await first[0], await stays) == (0, 6)


async def test_what_was_given_up_before_it_began_never_begins() -> None:
    doubling = Doubling()
    first = await doubling.busy(1)
    [kept, given_up, last] = await doubling.ask(2, 3, 2)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    doubling.go.set()
    assert (await kept, await last, await first[0]) == (4, 4, 0)
    assert [one for batch in doubling.batches for one in batch] == [0, 2, 2]


async def test_what_was_given_up_makes_room() -> None:
    doubling = Doubling()
    first = await doubling.busy(1)
    waiting = await doubling.ask(*[2] * (SEARCHES_MAX - 1))
    waiting[0].cancel()
    await asyncio.gather(waiting[0], return_exceptions=True)
    [another] = await doubling.ask(3)
    doubling.go.set()
    assert await another == 6
    await asyncio.gather(*first, *waiting[1:])


async def test_who_hangs_up_is_not_worked_for_any_more() -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def long(request: web.Request) -> web.Response:
        began.set()
        try:
            await asyncio.sleep(1_000)
        finally:
            ended.set()
        return web.Response()

    app = web.Application()
    app.router.add_get("/", long)
    runner = runner_of(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    async with ClientSession() as session, asyncio.timeout(LIMIT_S):
        asking = asyncio.create_task(session.get(f"http://127.0.0.1:{port}/"))
        await began.wait()
        asking.cancel()
        await ended.wait()
    await runner.cleanup()
