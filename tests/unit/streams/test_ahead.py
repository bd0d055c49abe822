"""What is read ahead comes in order, no further ahead than it may, and nothing of it is left behind."""

import threading
from collections.abc import Iterator

import pytest

from streams.ahead import ahead


def test_the_same_items_in_the_same_order() -> None:
    assert list(ahead(range(1_000), 3)) == list(range(1_000)) and list(ahead([], 1)) == []


@pytest.mark.parametrize("count", [1, 4])
def test_it_is_ahead_by_so_many_and_no_more(count: int) -> None:
    """One more is in hand, and waits for room."""
    made, enough = [0], threading.Event()

    def items() -> Iterator[int]:
        for number in range(100):
            made[0] += 1
            if number == count + 1:
                enough.set()
            yield number

    taken = ahead(items(), count)
    assert next(taken) == 0
    assert enough.wait(60)
    for number in range(1, 100):
        assert made[0] <= number + count + 1
        assert next(taken) == number
    assert list(taken) == []


def test_what_goes_wrong_is_raised_after_what_went_well() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("the log is gone")

    taken = ahead(items(), 5)
    assert next(taken) == 1
    with pytest.raises(OSError, match="the log is gone"):
        next(taken)


def test_who_leaves_early_leaves_no_thread() -> None:
    before, closed = threading.active_count(), threading.Event()

    def items() -> Iterator[int]:
        try:
            yield from range(1_000)
        finally:
            closed.set()

    source = items()
    taken = ahead(source, 2)
    assert next(taken) == 0
    taken.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before
    source.close()  # type: ignore[attr-defined]
    assert closed.is_set()
