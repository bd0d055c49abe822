"""The demo on a shop in memory: loads what is missing, trickles, resets, obeys, survives, and touches nobody else's."""

import asyncio
import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from freshet.demo import sending
from freshet.demo.catalogue import Assortment, assortment
from freshet.demo.running import CHANGES_PER_S, Demo
from freshet.demo.sending import Sending
from freshet.demo.standing import standing
from freshet.demo.turns import CATCH_UP_S, Turns
from freshet.demo.watching import others
from freshet.demo.wishes import SPEED_DEFAULT, SPEED_MAX, Wishes
from schemas.errors import Overloaded, Unavailable
from tests.unit.freshet.demo.shop import FakeShop
from tests.waiting import LIMIT_S

SLICE = Assortment(dict(itertools.islice(assortment().first.items(), 90)), dict(assortment().addable))
FAST = SPEED_MAX
MINE = {
    "type": "upsert",
    "sku": "mine-1",
    "title": "My own lamp",
    "brand": SLICE.first["demo-lamp-00-1"]["brand"],
    "category": ["Lighting", "Desk and reading lamps"],
    "stock": 3,
    "attributes": {},
}


class Run:
    """A demo on `shop`; `until` lets it work until something holds, then stops it."""

    def __init__(self, shop: FakeShop, folder: Path, speed: float = 0.0, *, stays: bool = False) -> None:
        self.shop = shop
        self.said: list[str] = []
        self.stop = asyncio.Event()
        self.wishes = Wishes(folder)
        self.wishes.set_speed(speed)
        self.demo = Demo(SLICE, shop, self.wishes, self.stop, time.monotonic, self.said.append, stays=stays)

    async def until(self, holds: Callable[[], Any]) -> None:
        work = asyncio.create_task(self.demo.run())
        while not holds():
            assert not work.done(), work.exception() or "the demo ended by itself"
            await asyncio.sleep(0.01)
        self.stop.set()
        await work


@pytest.fixture
def shop() -> FakeShop:
    made = FakeShop()
    made.products["mine-1"] = dict(MINE)  # of one of the demo's brands and categories
    made.products["mine-2"] = {"type": "upsert", "sku": "mine-2", "title": "My own cup"}
    return made


async def test_it_loads_each_product_once(shop: FakeShop, tmp_path: Path) -> None:
    run = Run(shop, tmp_path)
    await run.demo.run()
    assert {sku: shop.products[sku] for sku in SLICE.first} == SLICE.first
    assert len(shop.events) == len(SLICE.first) == run.demo.sending.sent
    assert await standing(shop) == SLICE.first
    assert await others(shop) == 1

    again = Run(shop, tmp_path)
    await again.demo.run()
    assert again.demo.sending.sent == 0


async def test_it_sends_only_what_is_missing(shop: FakeShop, tmp_path: Path) -> None:
    await Run(shop, tmp_path).demo.run()
    changed = dict(shop.products["demo-pan-00-1"], stock=1)
    shop.products["demo-pan-00-1"] = changed
    del shop.products["demo-lamp-00-1"]
    shop.events.clear()
    await Run(shop, tmp_path).demo.run()
    assert [event["sku"] for event in shop.events] == ["demo-lamp-00-1"]
    assert shop.products["demo-pan-00-1"] == changed


async def test_it_trickles_and_a_reset_brings_back_the_first_state(shop: FakeShop, tmp_path: Path) -> None:
    run = Run(shop, tmp_path, FAST)
    await run.until(lambda: len(run.demo.changes) >= 8 and run.demo.sending.clicks >= 20)
    assert shop.dead == []
    assert await standing(shop) != SLICE.first
    assert len(shop.clicks) == run.demo.sending.clicks
    assert {event["sku"] for event in shop.events} <= SLICE.first.keys() | SLICE.addable.keys()

    resetting = Run(shop, tmp_path)
    resetting.wishes.ask_reset()
    await resetting.demo.run()
    assert await standing(shop) == SLICE.first
    assert not resetting.wishes.reset
    assert shop.products["mine-1"] == MINE


async def test_a_reset_wished_meanwhile_is_done_and_the_trickle_goes_on(shop: FakeShop, tmp_path: Path) -> None:
    run = Run(shop, tmp_path, FAST)
    work = asyncio.create_task(run.until(lambda: len(run.said) > 1 and sum(run.demo.changes.values()) > before + 20))
    before = 10**9
    while sum(run.demo.changes.values()) < 20:
        await asyncio.sleep(0.01)
    run.wishes.ask_reset()
    while run.wishes.reset:
        await asyncio.sleep(0.01)
    before = sum(run.demo.changes.values())
    await work
    assert any(said.startswith("reset") for said in run.said)


async def test_at_speed_0_it_waits_for_another_wish(shop: FakeShop, tmp_path: Path) -> None:
    run = Run(shop, tmp_path, 0.0, stays=True)

    def faster() -> int:
        if len(shop.products) > len(SLICE.first):
            run.wishes.set_speed(FAST)
        return sum(run.demo.changes.values()) > 10

    await run.until(faster)


async def test_it_obeys_429_and_repeats_what_was_not_taken(shop: FakeShop, tmp_path: Path) -> None:
    shop.failures = [Overloaded("429", retry_after_s=0.01), Unavailable("nothing answers")]
    shop.not_taken = [{1, 3}]
    run = Run(shop, tmp_path)
    await run.demo.run()
    assert {sku: shop.products[sku] for sku in SLICE.first} == SLICE.first
    assert len(shop.events) == len(SLICE.first)
    assert run.demo.sending.put_off == 3


async def test_it_gives_up_on_a_shop_that_stays_away(tmp_path: Path) -> None:
    times = itertools.count(0, 30)
    away = FakeShop()
    away.failures = [Overloaded("503", retry_after_s=0.01)] * 10
    asking = Sending(away, asyncio.Event(), lambda: float(next(times)))
    with pytest.raises(Unavailable):
        await asking.ask(lambda: away.get("/v1/freshness"))
    assert asking.put_off == sending.GIVE_UP_S / 30


async def test_it_does_not_take_half_an_answer_for_the_whole(shop: FakeShop) -> None:
    shop.degraded = ["shard-0"]
    with pytest.raises(Unavailable, match="shard-0"):
        await standing(shop)


async def test_loading_waits_while_much_is_queued(shop: FakeShop, tmp_path: Path) -> None:
    shop.lag = sending.QUEUED_MAX + 1
    asking = Sending(shop, asyncio.Event(), time.monotonic)
    waiting = asyncio.create_task(asking.room())
    await asyncio.sleep(0.05)
    assert not waiting.done()
    shop.lag = sending.QUEUED_MAX
    await asyncio.wait_for(waiting, LIMIT_S)


async def test_a_stop_ends_every_wait(shop: FakeShop, tmp_path: Path) -> None:
    shop.lag = sending.QUEUED_MAX + 1
    run = Run(shop, tmp_path)
    work = asyncio.create_task(run.demo.run())
    await asyncio.sleep(0.02)
    run.stop.set()
    await asyncio.wait_for(work, LIMIT_S)


def test_turns_are_steady_and_never_a_burst() -> None:
    turns = Turns(0.0)
    steady = sum(turns.due(step / 10, CHANGES_PER_S) for step in range(1, 101))
    assert 19 <= steady <= 20
    assert turns.due(1_000.0, 10.0) <= 10 * CATCH_UP_S + 1
    assert turns.due(1_001.0, 0.0) <= 1


def test_wishes_are_remembered_and_bounded(tmp_path: Path) -> None:
    wishes = Wishes(tmp_path / "demo")
    assert (wishes.speed, wishes.reset) == (SPEED_DEFAULT, False)
    for wished, held in [(0.0, 0.0), (SPEED_MAX, SPEED_MAX), (SPEED_MAX + 1, SPEED_MAX)]:
        wishes.set_speed(wished)
        assert Wishes(tmp_path / "demo").speed == held
    (tmp_path / "demo" / "speed").write_text("fast")
    assert wishes.speed == SPEED_DEFAULT
    wishes.ask_reset()
    assert wishes.reset
    wishes.reset_done()
    wishes.reset_done()
    assert not wishes.reset


def test_one_process_at_a_time_is_the_demo(tmp_path: Path) -> None:
    with Wishes(tmp_path).held() as first, Wishes(tmp_path).held() as second:
        assert (first, second) == (True, False)
    with Wishes(tmp_path).held() as third:
        assert third
