"""The tier ends when its connections are gone, and not later than a client may be waited for."""

from serving.closing import CLOSE_S, Closing


class Sleeping:
    """A clock that goes on by what is slept."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds


async def test_it_waits_for_connections_and_for_no_longer_than_the_limit() -> None:
    time = Sleeping()
    await Closing(time, time.sleep).finish(lambda: 0)
    assert time.now_s == 0
    await Closing(time, time.sleep).finish(lambda: int(time.now_s < 1.0))
    assert 1.0 <= time.now_s < 1.1
    began_s = time.now_s
    await Closing(time, time.sleep).finish(lambda: 1)
    assert CLOSE_S <= time.now_s - began_s < CLOSE_S + 0.1
