"""D10: a search whose 50 ms are over leaves nothing of itself running in the tier."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

import serving
from serving.budget import Budget
from tests.unit.serving.fakes import FakeEncoding, FakeShard, Tier, hit, state

BUDGET_MS = 50
TIER = (str(Path(serving.__file__).parent), str(Path(__file__).parents[3] / "streams"))


async def stuck() -> None:
    await asyncio.Event().wait()


def running() -> list[str]:
    """Tasks in code of the tier. The fakes' own, and those of aiohttp's connections, are none of them."""
    found = []
    for task in asyncio.all_tasks():
        code = getattr(task.get_coro(), "cr_code", None)
        if code is not None and code.co_filename.startswith(TIER):
            found.append(code.co_qualname if hasattr(code, "co_qualname") else code.co_name)
    return found


def shards(part: str) -> list[list[FakeShard]]:
    made = [FakeShard(state(number), [hit(f"p{number}")], words={f"p{number}": 1.0}) for number in range(2)]
    for shard in made:
        if part in ("search", "all"):
            shard.behave = stuck
        if part in ("words", "all"):
            shard.behave_words = stuck
    return [[one] for one in made]


async def after_searches(part: str) -> tuple[list[str], list[str]]:
    """What is left running after some searches, and what their answers lacked."""
    late = asyncio.Event() if part in ("encode", "all") else None
    async with Tier(
        shards(part), encoding=FakeEncoding(delay=late), search_budget_ms=BUDGET_MS, hedge_share=1.0
    ) as tier:
        before = running()
        bodies = [{"text": f"lamp {number}", "session": "s", "at_least": ["1-0-999999"]} for number in range(4)]
        answers = [await (await tier.client.post("/v1/search", json=body)).json() for body in bodies]
        left = running()
        for one in before:
            left.remove(one)
        return left, sorted({name for answer in answers for name in answer["degraded"]})


@pytest.mark.parametrize(
    ("part", "lacking"),
    [
        ("encode", "encode"),
        ("words", "words-1"),
        ("search", "shard-1"),
        ("all", "shard-0"),
    ],
)
async def test_nothing_of_it_is_left_running(part: str, lacking: str) -> None:
    left, degraded = await after_searches(part)
    assert lacking in degraded
    assert left == []


async def test_control_a_stage_that_is_let_go_on_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    async def careless(
        self: Budget, name: str, stage: Callable[[], Coroutine[Any, Any, Any]], default: Any, share: float = 1.0
    ) -> Any:
        """Does not wait for what is late, and does not end it either."""
        done, _ = await asyncio.wait([asyncio.create_task(stage())], timeout=self.left_s() * share)
        if not done:
            self.skipped.append(name)
        return done.pop().result() if done else default

    monkeypatch.setattr(Budget, "attempt", careless)
    left, _ = await after_searches("encode")
    assert left
