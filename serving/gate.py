"""A limit on how many requests are inside at once: one more is told at once to come back, instead of slowing all."""

from collections.abc import Iterator
from contextlib import contextmanager

from schemas.errors import Overloaded


class Gate:
    """For one event loop."""

    def __init__(self, what: str, inside_max: int) -> None:
        self._what = what
        self._inside_max = inside_max
        self._inside = 0

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Raises Overloaded when `inside_max` are inside already."""
        if self._inside >= self._inside_max:
            raise Overloaded(f"{self._inside} {self._what} are inside already", retry_after_s=1.0)
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
