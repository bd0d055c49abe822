"""The promises of `streams.sessions.Sessions`, for Redis and for the one in memory: each click counts once."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from freshet.runtime.redis_server import EmbeddedRedis
from schemas.clicks import CLICK_TYPES, ClickType
from schemas.errors import Unavailable
from schemas.sessions import (
    HISTORY_MS,
    SESSION_ITEMS_MAX,
    History,
    Item,
    Place,
    SessionClick,
    SessionVector,
)
from streams.memory_sessions import MemorySessions
from streams.redis_client import connect
from streams.redis_sessions import RedisSessions, keys
from streams.session_format import HEAD, ITEM, VERSION
from streams.sessions import Sessions
from tests.waiting import LIMIT_S

NOW_MS = 1_795_260_885_909
LONG_MS = 1_000_000
LOG = 4_000_000_000
VECTOR = b"\x00\x3c" + b"\x00\x00" * 3
fresh_names = itertools.count()
drawn = settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


@pytest.fixture(params=["memory", "redis"])
async def sessions(request: pytest.FixtureRequest) -> AsyncIterator[Sessions]:
    if request.param == "memory":
        yield MemorySessions(asyncio.get_running_loop().time)
    else:
        kept = RedisSessions(request.getfixturevalue("redis_url"), 1, timeout_s=5.0, slow_s=5.0)
        yield kept
        await kept.close()


def name() -> str:
    return f"session {next(fresh_names)} {{}} ü"


def click(session: str, sku: str, offset: int, kind: ClickType = "click", at_ms: int | None = None) -> SessionClick:
    return SessionClick(session, sku, kind, offset, NOW_MS + offset if at_ms is None else at_ms)


async def items(sessions: Sessions, session: str) -> list[Item]:
    known = await sessions.read(session)
    return list(known.history.items) if known else []


async def test_the_newest_stands_first_and_each_product_once_with_its_strongest_sign(sessions: Sessions) -> None:
    one = name()
    clicks = [click(one, "a", 3, "add_to_cart"), click(one, "b", 4), click(one, "a", 7, "view")]
    (counted,) = await sessions.count(LOG, clicks, NOW_MS)
    assert (counted.session, counted.clicks, counted.duplicates) == (one, 3, 0)
    expected = [Item("a", "add_to_cart", NOW_MS + 7), Item("b", "click", NOW_MS + 4)]
    assert await items(sessions, one) == expected == list(counted.history.items)
    assert counted.history.place == Place(LOG, 7)


async def test_a_click_counts_once_however_often_it_comes(sessions: Sessions) -> None:
    one = name()
    first = [click(one, "a", 5), click(one, "b", 6)]
    await sessions.count(LOG, first, NOW_MS)
    (again,) = await sessions.count(LOG, [*first, click(one, "c", 8)], NOW_MS)
    assert (again.clicks, again.duplicates) == (1, 2)
    (third,) = await sessions.count(LOG, first, NOW_MS)
    assert (third.clicks, third.duplicates, third.history) == (0, 2, again.history)


async def test_offsets_of_another_log_mean_nothing(sessions: Sessions) -> None:
    one = name()
    await sessions.count(LOG, [click(one, "a", 1_000_000)], NOW_MS)
    (counted,) = await sessions.count(7, [click(one, "b", 0)], NOW_MS)
    assert counted.clicks == 1 and counted.history.place == Place(7, 0)


@pytest.mark.parametrize("more", [0, 1])
async def test_a_history_holds_so_many_products(sessions: Sessions, more: int) -> None:
    one = name()
    clicks = [click(one, f"sku-{number}", number) for number in range(SESSION_ITEMS_MAX + more)]
    await sessions.count(LOG, clicks, NOW_MS)
    kept = await items(sessions, one)
    assert len(kept) == SESSION_ITEMS_MAX
    assert [item.sku for item in kept] == [one.sku for one in reversed(clicks)][:SESSION_ITEMS_MAX]


@pytest.mark.parametrize(("age_ms", "kept"), [(HISTORY_MS, True), (HISTORY_MS + 1, False)])
async def test_what_is_older_than_a_history_is_dropped(sessions: Sessions, age_ms: int, kept: bool) -> None:
    one = name()
    await sessions.count(LOG, [click(one, "old", 1, at_ms=NOW_MS - age_ms)], NOW_MS - age_ms)
    await sessions.count(LOG, [click(one, "new", 2, at_ms=NOW_MS)], NOW_MS)
    assert ("old" in [item.sku for item in await items(sessions, one)]) is kept


async def test_a_clock_that_jumps_back_drops_nothing(sessions: Sessions) -> None:
    one, back_ms = name(), NOW_MS - 3_600_000
    clicks = [click(one, "a", 1, at_ms=NOW_MS), click(one, "b", 2, at_ms=back_ms)]
    await sessions.count(LOG, clicks, back_ms)
    assert [item.sku for item in await items(sessions, one)] == ["b", "a"]


async def test_a_history_ends_so_long_after_its_last_click(sessions: Sessions) -> None:
    old, young = name(), name()
    await sessions.count(LOG, [click(old, "a", 1, at_ms=NOW_MS)], NOW_MS + HISTORY_MS - 30)
    await sessions.count(LOG, [click(young, "a", 1, at_ms=NOW_MS)], NOW_MS + HISTORY_MS - LONG_MS)
    async with asyncio.timeout(LIMIT_S):
        while await sessions.read(old):
            await asyncio.sleep(0.01)
    assert await sessions.read(young)


async def test_sessions_do_not_meet(sessions: Sessions) -> None:
    one, other = name(), name()
    counted = await sessions.count(LOG, [click(one, "a", 1), click(other, "b", 2), click(one, "c", 3)], NOW_MS)
    assert {found.session: found.clicks for found in counted} == {one: 2, other: 1}
    assert [item.sku for item in await items(sessions, other)] == ["b"]


async def test_a_vector_is_good_only_for_the_history_it_was_made_from(sessions: Sessions) -> None:
    one = name()
    (counted,) = await sessions.count(LOG, [click(one, "a", 1)], NOW_MS)
    vector = SessionVector(counted.history.place, "MiniLM", VECTOR)
    assert await sessions.put({one: vector}, 10_000) == 1
    known = await sessions.read(one)
    assert known and known.vector == vector
    (later,) = await sessions.count(LOG, [click(one, "b", 2)], NOW_MS)
    known = await sessions.read(one)
    assert known and known.vector is None
    assert await sessions.put({one: vector}, 10_000) == 0
    newer = vector._replace(place=later.history.place)
    assert await sessions.put({one: newer, name(): vector}, 10_000) == 1
    known = await sessions.read(one)
    assert known and known.vector == newer


async def test_a_vector_is_never_served_after_its_time(sessions: Sessions) -> None:
    old, young = name(), name()
    for one, left_ms in ((old, 30), (young, LONG_MS)):
        (counted,) = await sessions.count(LOG, [click(one, "a", 1)], NOW_MS)
        assert await sessions.put({one: SessionVector(counted.history.place, "MiniLM", VECTOR)}, left_ms) == 1
    async with asyncio.timeout(LIMIT_S):
        while (known := await sessions.read(old)) and known.vector:
            await asyncio.sleep(0.01)
    assert known, "its clicks stay"
    known = await sessions.read(young)
    assert known and known.vector


async def test_what_is_forgotten_does_not_come_back_by_being_delivered_again(sessions: Sessions) -> None:
    one = name()
    clicks = [click(one, "a", 1), click(one, "b", 2)]
    (counted,) = await sessions.count(LOG, clicks, NOW_MS)
    await sessions.put({one: SessionVector(counted.history.place, "MiniLM", VECTOR)}, 10_000)
    assert await sessions.forget(one) is True
    assert await sessions.read(one) is None
    await sessions.count(LOG, clicks, NOW_MS)
    assert await sessions.read(one) is None
    assert await sessions.forget(one) is False
    await sessions.count(LOG, [click(one, "c", 3)], NOW_MS)
    assert [item.sku for item in await items(sessions, one)] == ["c"]
    assert await sessions.forget(name()) is False


async def test_a_vector_that_comes_after_its_session_was_forgotten_is_not_kept(sessions: Sessions) -> None:
    one = name()
    (counted,) = await sessions.count(LOG, [click(one, "a", 1)], NOW_MS)
    assert await sessions.forget(one) is True
    assert await sessions.put({one: SessionVector(counted.history.place, "MiniLM", VECTOR)}, 10_000) == 0
    assert await sessions.read(one) is None


@pytest.mark.parametrize(("kind", "kept"), [(len(CLICK_TYPES) - 1, ["b", "a"]), (len(CLICK_TYPES), ["b"])])
async def test_a_history_with_an_unknown_type_is_begun_anew(redis_url: str, kind: int, kept: list[str]) -> None:
    one, sessions, redis = name(), RedisSessions(redis_url, 1, timeout_s=5.0, slow_s=5.0), connect(redis_url, 5.0)
    try:
        await redis.set(keys(1, one)[0], HEAD.pack(VERSION, LOG, 1, NOW_MS) + ITEM.pack(kind, 0, 1) + b"a")
        (counted,) = await sessions.count(LOG, [click(one, "b", 2)], NOW_MS)
        assert [item.sku for item in counted.history.items] == kept
        assert [item.sku for item in await items(sessions, one)] == kept
    finally:
        await sessions.close()
        await redis.aclose()


async def test_a_history_that_only_the_script_can_read_gives_no_items(redis_url: str) -> None:
    one, sessions, redis = name(), RedisSessions(redis_url, 1, timeout_s=5.0, slow_s=5.0), connect(redis_url, 5.0)
    try:
        await redis.set(keys(1, one)[0], HEAD.pack(VERSION, LOG, 1, NOW_MS) + ITEM.pack(0, 0, 1) + b"\xff")
        (counted,) = await sessions.count(LOG, [click(one, "b", 2), click(one, "c", 3)], NOW_MS)
        assert (counted.clicks, counted.history) == (2, History(Place(LOG, 3), ()))
    finally:
        await sessions.close()
        await redis.aclose()


redelivered = st.lists(
    st.tuples(st.sampled_from("abcde"), st.sampled_from(CLICK_TYPES), st.integers(0, 2)), min_size=1, max_size=30
)


@drawn
@given(drawn_clicks=redelivered, data=st.data())
async def test_any_redelivery_gives_the_same_state(
    sessions: Sessions, drawn_clicks: list[tuple[str, ClickType, int]], data: st.DataObject
) -> None:
    """As a worker that crashes and begins again at what it had committed: batches overlap, none is left out."""
    names = [name() for _ in range(3)]
    copies = [name() for _ in range(3)]

    def clicks(of: list[str]) -> list[SessionClick]:
        return [click(of[who], sku, offset, kind) for offset, (sku, kind, who) in enumerate(drawn_clicks)]

    await sessions.count(LOG, clicks(names), NOW_MS)
    log, at = clicks(copies), 0
    while at < len(log):
        end = data.draw(st.integers(at + 1, len(log)))
        start = data.draw(st.integers(0, at))
        await sessions.count(LOG, log[start:end], NOW_MS)
        at = end
    for one, copy in zip(names, copies, strict=True):
        assert await items(sessions, one) == await items(sessions, copy)


@drawn
@given(drawn_clicks=redelivered, jumps=st.lists(st.integers(-HISTORY_MS * 2, HISTORY_MS * 2), min_size=30, max_size=30))
async def test_redis_agrees_with_memory(
    redis_url: str, drawn_clicks: list[tuple[str, ClickType, int]], jumps: list[int]
) -> None:
    """Whatever the clock of the broker does."""
    one, at_ms, clicks = name(), NOW_MS, []
    for offset, (sku, kind, _) in enumerate(drawn_clicks):
        at_ms += jumps[offset]
        clicks.append(click(one, sku, offset, kind, at_ms))
    memory, real = MemorySessions(lambda: 0.0), RedisSessions(redis_url, 1, timeout_s=5.0, slow_s=5.0)
    try:
        assert await real.count(LOG, clicks, at_ms) == await memory.count(LOG, clicks, at_ms)
        assert await items(real, one) == await items(memory, one)
    finally:
        await real.close()


def test_a_redis_that_knows_no_script_is_told(tmp_path: Path) -> None:
    """It forgets them when it starts again."""
    server = EmbeddedRedis(tmp_path)

    async def twice() -> int:
        sessions = RedisSessions(server.start(), 1, timeout_s=5.0, slow_s=5.0)
        await sessions.count(LOG, [click("s", "a", 1)], NOW_MS)
        server.stop()
        server.start()
        with suppress(Unavailable):  # the connection of before is gone
            await sessions.probe()
        await sessions.probe()
        (counted,) = await sessions.count(LOG, [click("s", "b", 2)], NOW_MS)
        await sessions.close()
        return counted.clicks

    try:
        assert asyncio.run(twice()) == 1
    finally:
        server.stop()
