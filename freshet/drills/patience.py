"""How long a drill waits for what it means: far beyond what a slow, busy machine takes."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from schemas.errors import FreshetError

T = TypeVar("T")
LIMIT_S = 120.0
LOOK_EVERY_S = 0.05


class NotInTime(FreshetError):
    """What a drill waited for did not come: a promise is broken."""


def wait_until(holds: Callable[[], Any], limit_s: float, what: str) -> Any:
    """Returns the first true value of `holds`. Raises NotInTime after `limit_s`."""
    until_s = time.monotonic() + limit_s
    while True:
        value = holds()
        if value:
            return value
        if time.monotonic() >= until_s:
            raise NotInTime(f"not within {limit_s:g} s: {what}")
        time.sleep(LOOK_EVERY_S)


def settled(look: Callable[[], T], at_rest: Callable[[T], bool], limit_s: float) -> T:
    """What is seen once it is at rest, or when `limit_s` are over."""
    until_s = time.monotonic() + limit_s
    while True:
        seen = look()
        if at_rest(seen) or time.monotonic() >= until_s:
            return seen
        time.sleep(LOOK_EVERY_S)
