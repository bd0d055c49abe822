"""In which order the values of a facet come, and where the ranges of prices lie: the same in every shard."""

from typing import Final

Path = tuple[str, ...]
Value = str | bool | float | Path
"""Of a facet; a category is a path."""
PRICE_EDGES: Final = [float(f"{digit}e{power}") for power in range(9) for digit in (1, 2, 5)]
"""Where price ranges begin and end when nothing else is asked for: 1, 2, 5, 10, 20, 50 ..."""


def value_key(value: str | bool | Path) -> tuple[bool, Path]:
    """The order by name: parents before what lies below them, texts before false and true."""
    if isinstance(value, bool):
        return True, (str(value),)
    return False, (value,) if isinstance(value, str) else value


def plain(value: Value) -> str | bool | float | list[str]:
    """As JSON has it."""
    return [*value] if isinstance(value, tuple) else value
