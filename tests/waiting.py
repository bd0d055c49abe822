"""How long tests wait for what they mean: far beyond what a slow, busy machine takes; only a failing test waits so."""

import time
from collections.abc import Callable
from typing import Any

LIMIT_S = 120.0


def wait_until(holds: Callable[[], Any], limit_s: float, what: str) -> Any:
    """Returns the first true value of `holds`; fails the test after `limit_s`."""
    until = time.monotonic() + limit_s
    while True:
        value = holds()
        if value:
            return value
        assert time.monotonic() < until, f"not within {limit_s:g} s: {what}"
        time.sleep(0.02)
