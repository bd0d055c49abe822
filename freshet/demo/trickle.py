"""Decides the demo's next change: a sale begins or ends, something is sold or restocked, a text is edited ...

A pure function of the shelf and the dice. Whatever begins also ends, and nothing grows without bound: each kind has a
limit, and the nearer it is, the likelier the opposite.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from freshet.demo.catalogue import CURRENCY, SKU_PREFIX, STOCK_START_MAX
from freshet.demo.dice import Dice
from freshet.demo.pricing import SALE_PERCENTS, sale_price
from freshet.demo.shelf import Shelf

ON_SALE_MAX = 120
SOLD_OUT_MAX = 120
EDITED_MAX = 80
ADDED_TOTAL_MAX = 60
GONE_MAX = 20
"""Products deleted and not yet created again."""
SOLD_AT_ONCE_MAX = 3
WEIGHTS = {"price": 42, "stock": 42, "text": 10, "range": 6}
"""In percent of all changes; `range`: products come and go."""
TITLE_ENDS = (" (gift-wrapped)", " (new packaging)", " (last pieces)", " (bestseller)")
SENTENCES = (
    " Now with a guarantee of five years.",
    " Back again, because so many of you asked.",
    " Comes in a box that is a present already.",
    " Our workshop repairs it, should it ever break.",
    " Made in small batches; the next one comes in spring.",
    " New: delivered without any plastic.",
)


@dataclass(frozen=True)
class Change:
    """An event for `/v1/catalog`, and what it is in words."""

    what: str
    event: dict[str, Any]

    @property
    def sku(self) -> str:
        return str(self.event["sku"])


def next_change(shelf: Shelf, dice: Dice) -> Change | None:
    """None when the dice found nothing to do; the next call will."""
    plans = {"price": _price, "stock": _stock, "text": _text, "range": _range}
    at = dice.below(sum(WEIGHTS.values()))
    for kind, weight in WEIGHTS.items():
        if at < weight:
            return plans[kind](shelf, dice)
        at -= weight
    raise AssertionError("the weights do not add up")


def sold(shelf: Shelf, sku: str, quantity: int) -> Change | None:
    """The stock after a purchase; None when there is nothing left to sell."""
    stock = (shelf.products.get(sku) or {}).get("stock") or 0
    return _stock_change(sku, max(0, stock - quantity), "sold") if stock else None


def _begins(dice: Dice, there: Collection[str], most: int) -> bool:
    """Whether one more is to begin: certain when there is none, impossible at the limit."""
    return dice.below(most) >= len(there)


def _price(shelf: Shelf, dice: Dice) -> Change | None:
    if not _begins(dice, shelf.on_sale, ON_SALE_MAX):
        sku = dice.pick(list(shelf.on_sale))
        return _priced(sku, round(shelf.assortment.product(sku)["price"]["amount"] * 100), "sale ends")
    found = _known(shelf, dice, shelf.on_sale)
    if found is None or shelf.products[found].get("price") != shelf.assortment.product(found)["price"]:
        return None  # a price that a person has set is not played with
    cents = round(shelf.assortment.product(found)["price"]["amount"] * 100)
    lower = sale_price(cents, dice.pick(SALE_PERCENTS))
    return _priced(found, lower, "sale begins") if lower < cents else None


def _priced(sku: str, cents: int, what: str) -> Change:
    return Change(what, _patch(sku, price={"amount": cents / 100, "currency": CURRENCY}))


def _stock(shelf: Shelf, dice: Dice) -> Change | None:
    if not _begins(dice, shelf.sold_out, SOLD_OUT_MAX):
        return _stock_change(dice.pick(list(shelf.sold_out)), dice.between(10, STOCK_START_MAX), "restocked")
    found = _known(shelf, dice, shelf.sold_out)
    if found is None:
        return None
    if (shelf.products[found].get("stock") or 0) <= SOLD_AT_ONCE_MAX and dice.chance(50):
        return _stock_change(found, dice.between(10, STOCK_START_MAX), "restocked")
    return sold(shelf, found, dice.between(1, SOLD_AT_ONCE_MAX))


def _stock_change(sku: str, stock: int, what: str) -> Change:
    availability = "in_stock" if stock else "out_of_stock"
    return Change(what if stock else "sold out", _patch(sku, stock=stock, availability=availability))


def _text(shelf: Shelf, dice: Dice) -> Change | None:
    if not _begins(dice, shelf.edited, EDITED_MAX):
        sku = dice.pick(list(shelf.edited))
        first = shelf.assortment.product(sku)
        return Change("text as before", _patch(sku, title=first["title"], description=first["description"]))
    found = _known(shelf, dice, shelf.edited)
    if found is None:
        return None
    first, now = shelf.assortment.product(found), shelf.products[found]
    if any(now.get(name) != first[name] for name in ("title", "description")):
        return None  # nor is a text that a person has written
    if dice.chance(40):
        return Change("title edited", _patch(found, title=first["title"] + dice.pick(TITLE_ENDS)))
    return Change("description edited", _patch(found, description=first["description"] + dice.pick(SENTENCES)))


def _range(shelf: Shelf, dice: Dice) -> Change | None:
    if dice.chance(50):
        if not _begins(dice, shelf.added, ADDED_TOTAL_MAX):
            return Change("taken out of the range", _delete(dice.pick(list(shelf.added))))
        new = shelf.addable(dice)
        return Change("new", dict(new)) if new else None
    if not _begins(dice, shelf.gone, GONE_MAX):
        return Change("back again", dict(shelf.assortment.product(dice.pick(list(shelf.gone)))))
    found = _known(shelf, dice, shelf.added)
    return Change("deleted", _delete(found)) if found else None


def _known(shelf: Shelf, dice: Dice, but_not: Collection[str]) -> str | None:
    """A product of this version of the demo, with the texts and prices it can go back to."""
    sku = shelf.any_sku(dice, but_not)
    return sku if sku is not None and shelf.assortment.knows(sku) else None


def _patch(sku: str, **changes: Any) -> dict[str, Any]:
    assert sku.startswith(SKU_PREFIX)
    return {"type": "patch", "sku": sku, **changes}


def _delete(sku: str) -> dict[str, Any]:
    assert sku.startswith(SKU_PREFIX)
    return {"type": "delete", "sku": sku}
