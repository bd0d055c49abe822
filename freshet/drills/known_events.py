"""Events drawn from a seed whose outcome is known beforehand, and what the shop must show after the last of them."""

import random
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

KINDS: Final[Mapping[str, float]] = {"price": 60, "text": 15, "late": 10, "delete": 8, "again": 7}
"""Shares. `late`: older than what is there, so it must change nothing; `again`: the last event of the SKU once more."""
PREFIX: Final = "known"


class Shown(NamedTuple):
    """What a product must be shown with."""

    title: str
    stock: int


class KnownEvents:
    """An endless stream over `skus` products. `shown`: what must be served when all that was drawn is applied."""

    def __init__(self, seed: int, skus: int, kinds: Mapping[str, float] = KINDS) -> None:
        self.shown: dict[str, Shown | None] = {}
        """None: deleted."""
        self._draw = random.Random(seed)
        self._skus = skus
        self._kinds = list(kinds)
        self._weights = list(kinds.values())
        self._number = 0
        self._last: dict[str, dict[str, Any]] = {}

    def batch(self, size: int) -> list[dict[str, Any]]:
        """Each of another SKU, so that one that is sent again overtakes none; `size` is at most `skus`."""
        return [self._event(f"{PREFIX}-{which}") for which in self._draw.sample(range(self._skus), size)]

    def _event(self, sku: str) -> dict[str, Any]:
        self._number += 1
        before = self.shown.get(sku)
        (kind,) = self._draw.choices(self._kinds, self._weights)
        if kind == "again" and sku in self._last:
            return self._last[sku]
        event: dict[str, Any] = {"sku": sku, "version": self._number}
        if kind == "late" and sku in self._last:
            return self._upsert({**event, "version": 0}, f"Too late {self._number}")
        if kind == "delete" and before is not None:
            event |= {"type": "delete"}
            self.shown[sku] = None
        elif kind == "text" or before is None:
            event = self._upsert(event, f"Lamp {self._number}")
            self.shown[sku] = Shown(event["title"], self._number)
        else:
            price = {"amount": float(self._number % 97), "currency": "EUR"}
            event |= {"type": "patch", "price": price, "stock": self._number}
            self.shown[sku] = Shown(before.title, self._number)
        self._last[sku] = event
        return event

    def _upsert(self, event: dict[str, Any], title: str) -> dict[str, Any]:
        price = {"amount": float(self._number % 97), "currency": "EUR"}
        return {**event, "type": "upsert", "title": title, "price": price, "stock": self._number}
