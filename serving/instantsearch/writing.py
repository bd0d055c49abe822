"""Records of the shop's indexer become catalogue events."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from schemas.errors import InvalidEvent, InvalidRequest, Problem
from schemas.events import check_event
from schemas.instantsearch import Ours
from schemas.limits import PRICE_DECIMALS_MAX
from serving.instantsearch.fields import SEPARATOR, Fields

NESTED_MAX: Final = 5
"""Objects inside objects of a record."""
OWN: Final = frozenset(("objectID", "_highlightResult", "_snippetResult", "_rankingInfo", "_distinctSeqID", "_score"))
"""What stands in a record that was read and is none of its attributes."""
SAME: Final[tuple[Ours, ...]] = ("title", "description", "brand", "url", "locale", "stock", "availability")
"""Of what a product has, what a record says in the same way."""
Record = Mapping[str, Any]
Event = dict[str, Any]


class Writer:
    """`currency`: of prices that do not say theirs; empty: they must."""

    def __init__(self, fields: Fields, currency: str) -> None:
        self._fields = fields
        self._currency = currency

    def upsert(self, sku: str, record: Record) -> Event:
        """The whole product: what is null is left out. Raises InvalidRequest that names the record."""
        event = self._event("upsert", sku, record)
        attributes = {name: value for name, value in event.pop("attributes", {}).items() if value is not None}
        return self._checked({name: one for name, one in event.items() if one is not None} | {"attributes": attributes})

    def patch(self, sku: str, record: Record) -> Event:
        """What is null is removed, what is left out stays. Raises InvalidRequest."""
        for name, value in record.items():
            if isinstance(value, dict) and "_operation" in value:
                raise wrong(sku, f"{name}: {value['_operation']!r} is not supported: send the value it is to have")
        return self._checked(self._event("patch", sku, record))

    def delete(self, sku: str) -> Event:
        return self._checked({"type": "delete", "sku": sku})

    def _event(self, kind: str, sku: str, record: Record) -> Event:
        ours, attributes = self._sorted_out(sku, record)
        event: Event = {"type": kind, "sku": sku, **self._product(sku, ours)}
        return event | ({"attributes": attributes} if attributes else {})

    def _sorted_out(self, sku: str, record: Record) -> tuple[dict[Ours, Any], dict[str, Any]]:
        """Fields of a product, where a declared name comes before a built-in one; and all else, in one level."""
        ours: dict[Ours, Any] = {}
        attributes: dict[str, Any] = {}
        declared = self._fields.names
        for name, value in sorted(record.items(), key=lambda item: item[0] in declared):
            known = self._fields.ours(name)
            if known is not None:
                ours[known] = value
            elif name not in OWN:
                for path, one in flat(name, value, sku):
                    attributes[path] = [*attributes[path], *one] if path in attributes else one
        return ours, attributes

    def _product(self, sku: str, ours: Mapping[Ours, Any]) -> Event:
        event: Event = {name: ours[name] for name in SAME if name in ours}
        if "price" in ours:
            event["price"] = self._price(sku, ours["price"], ours.get("currency"))
        if "images" in ours or "image" in ours:
            images = ours["images"] if "images" in ours else ours["image"]
            event["image_urls"] = [images] if isinstance(images, str) else images
        if "category" in ours or "category_levels" in ours:
            event["category"] = category_of(ours)
        if isinstance(ours.get("in_stock"), bool) and not {"stock", "availability"} & ours.keys():
            event["availability"] = "in_stock" if ours["in_stock"] else "out_of_stock"
        return event

    def _price(self, sku: str, price: Any, stated: Any) -> Any:
        if price is None or isinstance(price, dict):
            return price
        if isinstance(price, bool) or not isinstance(price, (int, float)):
            raise wrong(sku, f"price: {price!r} is not a number")
        currency = stated or self._currency
        if not currency:
            raise wrong(sku, "price: has no currency; send `currency` beside it, or set FRESHET_INSTANTSEARCH_CURRENCY")
        return {"amount": round(float(price), PRICE_DECIMALS_MAX), "currency": currency}

    def _checked(self, event: Event) -> Event:
        """All are checked before any is sent: of a batch all or nothing is taken."""
        try:
            check_event(event)
        except InvalidEvent as error:
            raise wrong(str(event["sku"]), error.message) from None
        return event


def category_of(ours: Mapping[Ours, Any]) -> Any:
    """A path: as a list, as a text, or the deepest of the levels."""
    stated = ours.get("category")
    if stated is None and isinstance(levels := ours.get("category_levels"), dict):
        named = {name: value for name, value in levels.items() if value}
        stated = named[max(named, key=lambda name: (len(name), name))] if named else None
        stated = stated[0] if isinstance(stated, list) and stated else stated
    return stated.split(SEPARATOR) if isinstance(stated, str) else stated or None


def flat(name: str, value: Any, sku: str, deep: int = 0) -> Iterator[tuple[str, Any]]:
    """Objects become names with dots, and lists of objects lists of their values, as these are filtered by there."""
    if deep > NESTED_MAX:
        raise wrong(sku, f"{name}: objects stand more than {NESTED_MAX} deep in each other")
    if isinstance(value, dict):
        for inner, one in value.items():
            yield from flat(f"{name}.{inner}", one, sku, deep + 1)
    elif isinstance(value, list) and any(isinstance(one, (dict, list)) for one in value):
        for one in value:
            for path, inner in flat(name, one, sku, deep + 1):
                if inner is not None:
                    yield path, inner if isinstance(inner, list) else [inner]
    elif isinstance(value, list):
        yield name, [one for one in value if one is not None]
    else:
        yield name, value


def wrong(sku: str, what: str) -> InvalidRequest:
    return InvalidRequest("invalid_request", f"objectID {sku!r}: {what}", (Problem(sku or "objectID", what),))
