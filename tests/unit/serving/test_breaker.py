"""A replica that fails is broken off, and tried again by one request at a time."""

from serving.breaker import FAILURES_MAX, OPEN_S_MAX, OPEN_S_MIN, WINDOW, Breaker, Circuit
from tests.unit.serving.fakes import Clock


def said(breaker: Breaker) -> Circuit:
    return breaker.circuit


def opened(clock: Clock) -> Breaker:
    breaker = Breaker(clock)
    for _ in range(FAILURES_MAX + 1):
        breaker.failed()
    return breaker


def test_so_many_failures_are_borne_and_one_more_is_not() -> None:
    breaker = Breaker(Clock())
    for _ in range(FAILURES_MAX):
        breaker.failed()
    assert said(breaker) is Circuit.CLOSED
    breaker.failed()
    assert said(breaker) is Circuit.OPEN


def test_failures_between_good_answers_count_and_old_ones_do_not() -> None:
    breaker = Breaker(Clock())
    for _ in range(FAILURES_MAX):
        breaker.failed()
        breaker.answered()
    breaker.failed()
    assert said(breaker) is Circuit.OPEN

    breaker = Breaker(Clock())
    for _ in range(10 * FAILURES_MAX):
        breaker.failed()
        for _ in range(WINDOW):
            breaker.answered()
    assert said(breaker) is Circuit.CLOSED


def test_one_probe_after_a_while_and_a_good_answer_closes_it() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now_s += OPEN_S_MIN - 0.001
    assert said(breaker) is Circuit.OPEN
    clock.now_s += 0.002
    assert said(breaker) is Circuit.HALF_OPEN
    breaker.asked()
    assert said(breaker) is Circuit.OPEN, "a second probe would follow"
    breaker.answered()
    assert said(breaker) is Circuit.CLOSED
    for _ in range(FAILURES_MAX):
        breaker.failed()
    assert said(breaker) is Circuit.CLOSED, "the old failures are forgotten"


def test_each_probe_that_fails_or_tells_nothing_doubles_the_wait_up_to_a_limit() -> None:
    for end in (Breaker.failed, Breaker.given_up):
        clock = Clock()
        breaker, wait_s = opened(clock), OPEN_S_MIN
        for _ in range(6):
            clock.now_s += wait_s - 0.001
            assert said(breaker) is Circuit.OPEN
            clock.now_s += 0.002
            breaker.asked()
            end(breaker)
            wait_s = min(2 * wait_s, OPEN_S_MAX)
        assert wait_s == OPEN_S_MAX


def test_a_request_of_before_neither_lengthens_nor_is_a_probe() -> None:
    clock = Clock()
    breaker = opened(clock)
    breaker.failed()
    breaker.given_up()
    clock.now_s += OPEN_S_MIN
    assert said(breaker) is Circuit.HALF_OPEN


def test_a_last_resort_that_answers_closes_it() -> None:
    breaker = opened(Clock())
    breaker.asked()
    breaker.answered()
    assert said(breaker) is Circuit.CLOSED
