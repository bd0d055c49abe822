"""Bytes at or below a rate."""

from index_snapshots.pace import BURST_S, Pace


class Clock:
    """Stands still but for sleeping and what is added."""

    def __init__(self) -> None:
        self.now_s, self.slept_s = 0.0, 0.0

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.slept_s += seconds
        self.now_s += seconds


def passed(rate: float, blocks: list[bytes], clock: Clock) -> list[bytes]:
    return list(Pace(rate, clock, clock.sleep).through(blocks))


def test_the_rate_holds_over_time() -> None:
    clock, blocks = Clock(), [bytes(1_000_000)] * 20
    assert passed(10.0, blocks, clock) == blocks
    assert 2.0 - BURST_S <= clock.now_s <= 2.0


def test_zero_is_no_limit() -> None:
    clock = Clock()
    passed(0.0, [bytes(1_000_000)] * 20, clock)
    assert clock.slept_s == 0


def test_what_was_not_used_is_not_saved_up() -> None:
    clock = Clock()
    pace = Pace(10.0, clock, clock.sleep)
    clock.now_s = 1_000.0
    list(pace.through([bytes(1_000_000)] * 20))
    assert clock.slept_s >= 2.0 - 2 * BURST_S
