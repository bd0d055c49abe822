"""The demo's products as the trickle knows them, and which of them are on sale, sold out, edited, added or gone."""

from collections.abc import Iterable, Mapping
from typing import Any

from freshet.demo.catalogue import Assortment, Product
from freshet.demo.dice import Dice
from freshet.demo.pricing import SALE_PERCENTS, sale_price

PROBES_MAX = 50


class Shelf:
    """`take` applies an event. All sets keep the order of arrival, so that the same events make the same shelf."""

    def __init__(self, assortment: Assortment, products: Iterable[Product]) -> None:
        self.assortment = assortment
        self.products: dict[str, Product] = {}
        self.on_sale: dict[str, None] = {}
        self.sold_out: dict[str, None] = {}
        self.edited: dict[str, None] = {}
        self.added: dict[str, None] = {}
        self.gone: dict[str, None] = dict.fromkeys(assortment.first)
        for product in products:
            self._put(product)
        self._skus = list(self.products)

    def take(self, event: Mapping[str, Any]) -> None:
        """An upsert, a patch of a product that is there, or a delete."""
        sku = event["sku"]
        if event["type"] == "delete":
            self._drop(sku)
        elif event["type"] == "patch":
            self._put({**self.products[sku], **event, "type": "upsert"})
        else:
            self._put(event)
        if event["type"] != "patch":
            self._skus = list(self.products)

    def any_sku(self, dice: Dice, but_not: Iterable[str] = ()) -> str | None:
        """A product that is there and not in `but_not`; None when luck does not find one."""
        excluded = set(but_not)
        probes = (dice.pick(self._skus) for _ in range(PROBES_MAX if self._skus else 0))
        return next((sku for sku in probes if sku not in excluded), None)

    def addable(self, dice: Dice) -> Product | None:
        """A new product that is not there yet."""
        left = [sku for sku in self.assortment.addable if sku not in self.products]
        return self.assortment.addable[dice.pick(left)] if left else None

    def _put(self, product: Product) -> None:
        sku = product["sku"]
        self._drop(sku)
        self.gone.pop(sku, None)
        self.products[sku] = product
        if not self.assortment.knows(
            sku
        ):  # of another version of the demo: it is left alone until a reset takes it away
            return
        if sku in self.assortment.addable:
            self.added[sku] = None
        if _cents(product) in _sale_prices(self.assortment.product(sku)):
            self.on_sale[sku] = None
        if product.get("stock") == 0:
            self.sold_out[sku] = None
        if is_edited(product, self.assortment.product(sku)):
            self.edited[sku] = None

    def _drop(self, sku: str) -> None:
        for names in (self.on_sale, self.sold_out, self.edited, self.added):
            names.pop(sku, None)
        if self.products.pop(sku, None) is not None and sku in self.assortment.first:
            self.gone[sku] = None


def is_edited(product: Product, first: Product) -> bool:
    """By the trickle: it only ever appends. What a person has written is left alone."""
    return any(
        product.get(name) != first[name] and str(product.get(name)).startswith(first[name])
        for name in ("title", "description")
    )


def _cents(product: Product) -> int:
    return round(float((product.get("price") or {"amount": -1})["amount"]) * 100)


def _sale_prices(first: Product) -> set[int]:
    cents = _cents(first)
    return {sale_price(cents, percent) for percent in SALE_PERCENTS} - {cents}
