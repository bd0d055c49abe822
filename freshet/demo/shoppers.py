"""Shoppers with a taste: they search, look at some of what they find, put some of it into the cart, buy some of that.

Pure: `Shoppers` says what happens next, somebody else asks the shop and brings back the answer.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from freshet.demo.dice import Dice
from freshet.demo.words import Category, categories, materials, queries

IN_THE_SHOP = 6
SEARCHES_MAX = 4
LOOKED_AT_MAX = 3
HITS = 10
CART_PERCENT = 40
BUY_PERCENT = 50
OWN_CATEGORY_PERCENT = 80
QUANTITY_MAX = 3


@dataclass
class Shopper:
    session: str
    taste: Category
    searches_left: int
    clicks: deque[dict[str, Any]] = field(default_factory=deque)
    """Decided and not yet sent, in the order they happen."""


@dataclass(frozen=True)
class Search:
    """Ask the shop, then call `Shoppers.found`."""

    shopper: Shopper
    text: str

    def body(self) -> dict[str, Any]:
        return {"text": self.text, "limit": HITS, "session": self.shopper.session}


class Shoppers:
    """At most IN_THE_SHOP at once; who is done leaves, and the next one comes."""

    def __init__(self, dice: Dice, visit: str) -> None:
        """`visit` tells the sessions of this run from those of another."""
        self._dice = dice
        self._visit = visit
        self._came = 0
        self._here: list[Shopper] = []

    def next_move(self) -> Search | dict[str, Any]:
        """A search, or a click for `/v1/clicks`."""
        while len(self._here) < IN_THE_SHOP:
            self._here.append(self._new_shopper())
        shopper = self._dice.pick(self._here)
        if shopper.clicks:
            return shopper.clicks.popleft()
        if not shopper.searches_left:
            self._here[self._here.index(shopper)] = shopper = self._new_shopper()
        shopper.searches_left -= 1
        return Search(shopper, self._query(shopper.taste))

    def found(self, search: Search, request_id: str, hits: Sequence[Mapping[str, Any]]) -> None:
        """Decides what the shopper does with the answer: the first places are looked at more often."""
        places = sorted({min(self._dice.below(HITS), self._dice.below(HITS)) for _ in range(LOOKED_AT_MAX)})
        for place in places:
            if place < len(hits):
                seen = {"request_id": request_id, "position": place + 1, "query": search.text}
                search.shopper.clicks.extend(self._looks_at(search.shopper.session, hits[place], seen))

    def _looks_at(self, session: str, hit: Mapping[str, Any], seen: Mapping[str, Any]) -> list[dict[str, Any]]:
        click = {"session": session, "sku": hit["sku"], **seen}
        done = [{"type": "click", **click}, {"type": "view", **click}]
        price = (hit.get("offer") or {}).get("price")
        if hit.get("in_stock") and price and self._dice.chance(CART_PERCENT):
            taken = {**click, "quantity": self._dice.between(1, QUANTITY_MAX), "price": dict(price)}
            done.append({"type": "add_to_cart", **taken})
            if self._dice.chance(BUY_PERCENT):
                done.append({"type": "purchase", **taken})
        return done

    def _new_shopper(self) -> Shopper:
        self._came += 1
        taste = self._dice.pick(categories())
        return Shopper(f"demo-shopper-{self._visit}-{self._came}", taste, self._dice.between(1, SEARCHES_MAX))

    def _query(self, taste: Category) -> str:
        category = taste if self._dice.chance(OWN_CATEGORY_PERCENT) else self._dice.pick(categories())
        kind = self._dice.pick(category.kinds)
        asked = [query.text for query in queries() if kind.name in query.finds]
        material = materials()[self._dice.pick(kind.materials)]
        texts = [kind.name, f"{material.title} {kind.name}", f"{self._dice.pick(material.colours)} {kind.name}", *asked]
        return self._dice.pick(texts)
