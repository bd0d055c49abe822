"""What a process holds for good is not walked again; later garbage is still found."""

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from streams.collector import YOUNG_MAX, leave_alone


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


class Knot:
    """Refers to itself, so that only the collector can take it."""

    def __init__(self) -> None:
        self.me: Any = self


def test_what_is_there_is_left_alone_and_what_comes_later_is_collected() -> None:
    kept = [Knot() for _ in range(100)]
    count = leave_alone()
    assert count > 100 and gc.get_freeze_count() == count
    walked = {id(one) for one in gc.get_objects()}
    assert not any(id(one) in walked for one in kept)
    later = weakref.ref(Knot())
    gc.collect()
    assert later() is None and gc.isenabled() and gc.get_threshold()[0] == YOUNG_MAX


def test_what_was_garbage_then_is_gone() -> None:
    garbage = weakref.ref(Knot())
    leave_alone()
    assert garbage() is None
