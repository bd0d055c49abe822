"""Orders as one number keep their comparison, up to their limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index_snapshots.orders import NO_ORDER, ORDER_GENERATION_MAX, ORDER_OFFSET_MAX, pack, unpack
from schemas.records import Order

orders = st.builds(Order, st.integers(0, ORDER_GENERATION_MAX), st.integers(0, ORDER_OFFSET_MAX))


@given(orders, orders)
def test_packed_orders_compare_like_orders(one: Order, other: Order) -> None:
    assert unpack(pack(one)) == one
    assert (pack(one) < pack(other)) == (one < other)
    assert NO_ORDER < pack(one) < 2**63


@pytest.mark.parametrize(
    "order", [Order(ORDER_GENERATION_MAX + 1, 0), Order(0, ORDER_OFFSET_MAX + 1), Order(-1, 0), Order(0, -1)]
)
def test_beyond_the_limits_is_refused(order: Order) -> None:
    pack(Order(ORDER_GENERATION_MAX, ORDER_OFFSET_MAX))
    with pytest.raises(ValueError, match="outside"):
        pack(order)
