"""A shard tells in which currencies it has prices."""

import pytest

from agents.shard_endpoint import CURRENCIES_MAX, currencies
from index_snapshots.apply import apply
from schemas.records import Offer, OfferRecord, Order, Price
from tests.unit.index_snapshots.making import logged, shard


@pytest.mark.parametrize("count", [0, 2, CURRENCIES_MAX, CURRENCIES_MAX + 1])
def test_each_once_and_not_more_than_the_limit(count: int) -> None:
    one = shard()
    codes = [f"X{chr(65 + number // 26)}{chr(65 + number % 26)}" for number in range(count)]
    offers = [
        OfferRecord(
            sku=f"{number}",
            order=Order(1, number),
            offer=Offer(price=Price(amount=1.0, currency=code)),
            live_since=Order(1, number),
        )
        for number, code in enumerate([*codes, *codes])
    ]
    apply(logged("offers", offers), one)
    assert currencies(one.view) == codes[:CURRENCIES_MAX]
