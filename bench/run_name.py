"""What one run of a benchmark is called: it stands in the products that the run writes, and is embedded with them."""

import time
from collections.abc import Callable
from string import ascii_lowercase, digits
from typing import Final

_SIGNS: Final = digits + ascii_lowercase


def run_name(clock: Callable[[], float] = time.time) -> str:
    """Another one each second. Short, so that these products are as long to embed as those of a shop."""
    name, rest = "", int(clock())
    while rest:
        rest, sign = divmod(rest, len(_SIGNS))
        name = _SIGNS[sign] + name
    return f"b{name}"
