"""An order (generation, offset) as one int64, so that columns of orders compare natively."""

from typing import Final

from schemas.records import Order

ORDER_OFFSET_BITS: Final = 48
ORDER_OFFSET_MAX: Final = 2**ORDER_OFFSET_BITS - 1
"""A million events a second for eight years in one partition."""
ORDER_GENERATION_MAX: Final = 2**15 - 1
NO_ORDER: Final = -1
"""Older than every order."""


def pack(order: Order) -> int:
    """Keeps the comparison of the pair. Raises ValueError outside the limits."""
    generation, offset = order
    if not (0 <= generation <= ORDER_GENERATION_MAX and 0 <= offset <= ORDER_OFFSET_MAX):
        raise ValueError(
            f"order {list(order)} is outside generation 0..{ORDER_GENERATION_MAX}, offset 0..{ORDER_OFFSET_MAX}"
        )
    return generation << ORDER_OFFSET_BITS | offset


def unpack(packed: int) -> Order:
    return Order(packed >> ORDER_OFFSET_BITS, packed & ORDER_OFFSET_MAX)
