"""Prices as shops write them: 4.95, 24.90, 129.00; in cents, because cents are whole."""

SALE_PERCENTS = (10, 15, 20, 25, 30, 40)


def whole_price(cents: int) -> int:
    """The nearest usual price at or below `cents`, at least 0.95."""
    if cents < 1_000:
        ending, step = 95, 100  # 4.95, and 4.45 looks odd
    elif cents < 10_000:
        ending, step = 90, 100  # 24.90
    else:
        ending, step = 900, 1_000  # 129.00
    return max(95, (cents - ending) // step * step + ending)


def sale_price(cents: int, percent: int) -> int:
    """A lower usual price; equal to `cents` only where there is no lower one."""
    return min(cents, whole_price(cents * (100 - percent) // 100))
