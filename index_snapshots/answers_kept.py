"""What was asked of one state of an index before, with its answers: the same words come in many queries."""

from collections.abc import Callable, Hashable
from typing import Final, Generic, TypeVar

A = TypeVar("A")
KEPT_MAX: Final = 4_096
"""About 2 MB of counts; what comes later is worked out each time."""


class AnswersKept(Generic[A]):
    """For one state of an index. Thread-safe: two who ask at once may both work it out."""

    def __init__(self, kept_max: int = KEPT_MAX) -> None:
        self._kept_max = kept_max
        self._kept: dict[Hashable, A] = {}

    def get(self, key: Hashable, find: Callable[[], A]) -> A:
        try:
            return self._kept[key]
        except KeyError:
            found = find()
        if len(self._kept) < self._kept_max:
            self._kept[key] = found
        return found
