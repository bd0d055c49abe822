"""A process that ends waits for those who ask, not for nobody, and not for ever."""

from agents.draining import DRAIN_S_MAX, IDLE_S, POLL_S, QUIET_S, TOLD_S, Draining


async def drained_s(asked_until_s: float, last_asked_s: float | None = None) -> float:
    """How long it took; asked last so long before it began, and until so long after."""
    now_s = 0.0

    async def sleep(pause_s: float) -> None:
        nonlocal now_s
        now_s += pause_s
        if now_s <= asked_until_s:
            draining.asked()

    draining = Draining(lambda: now_s, sleep)
    if last_asked_s is not None:
        now_s = -last_asked_s
        draining.asked()
        now_s = 0.0
    assert not draining.began
    await draining.finish()
    assert draining.began
    return now_s


async def test_nobody_asked_for_long_so_it_ends_at_once() -> None:
    assert await drained_s(0.0) == 0.0
    assert await drained_s(0.0, IDLE_S) == 0.0


async def test_who_asked_lately_is_told_and_answered_before_it_ends() -> None:
    assert await drained_s(0.0, IDLE_S - POLL_S) >= TOLD_S
    assert TOLD_S + QUIET_S - 2 * POLL_S <= await drained_s(TOLD_S, 0.1) < DRAIN_S_MAX


async def test_who_has_no_other_replica_does_not_keep_it() -> None:
    assert DRAIN_S_MAX <= await drained_s(100.0, 0.1) < 2 * DRAIN_S_MAX
