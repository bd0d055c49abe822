"""Events of search-insights become clicks: what shoppers see, choose, put into the cart and buy."""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any, Final

import orjson

from schemas.clicks import CLICK_TYPES, ClickType
from schemas.limits import PRICE_DECIMALS_MAX, REQUEST_ID_CHARS_MAX

EVENTS_MAX: Final = 1_000
"""Of one request."""
CONVERSIONS: Final[Mapping[str, ClickType]] = {"addToCart": "add_to_cart", "purchase": "purchase"}
"""By `eventSubtype`; a conversion that does not say which is one to the cart: the weaker sign."""


def clicks_in(events: Sequence[Mapping[str, Any]]) -> Iterator[bytes]:
    """JSON of a click for each product of each event. Nothing of what is told beside products: filters, and what
    InstantSearch tells of itself."""
    for event in events:
        kind = kind_of(event)
        if kind is None or not isinstance(event.get("objectIDs"), list):
            continue
        for at, sku in enumerate(event["objectIDs"]):
            yield orjson.dumps({"type": kind, "sku": sku, **_told(event, at)})


def kind_of(event: Mapping[str, Any]) -> ClickType | None:
    kind = event.get("eventType")
    if kind == "conversion":
        return CONVERSIONS.get(str(event.get("eventSubtype")), "add_to_cart")
    return next((one for one in CLICK_TYPES if one == kind and one in ("view", "click")), None)


def _told(event: Mapping[str, Any], at: int) -> dict[str, Any]:
    item = _item(event.get("objectData"), at)
    item = item if isinstance(item, dict) else {}
    query_id = item.get("queryID") or event.get("queryID")
    told = {
        "session": event.get("userToken"),
        "user": event.get("authenticatedUserToken"),
        "at_ms": event.get("timestamp"),
        "position": _item(event.get("positions"), at),
        "quantity": item.get("quantity"),
        "price": price_of(item.get("price"), event.get("currency")),
        "request_id": query_id if _short(query_id) else None,
    }
    return {name: value for name, value in told.items() if value is not None}


def price_of(amount: Any, currency: Any) -> dict[str, Any] | None:
    """Numbers may be texts; without a currency, or where it is none, no price is told."""
    try:
        number = float(amount)
    except (TypeError, ValueError):
        return None
    if not currency or not isfinite(number):
        return None
    return {"amount": round(number, PRICE_DECIMALS_MAX), "currency": currency}


def _item(listed: Any, at: int) -> Any:
    """Of a list beside the products; None: there is none."""
    return listed[at] if isinstance(listed, list) and at < len(listed) else None


def _short(query_id: object) -> bool:
    return isinstance(query_id, str) and 0 < len(query_id) <= REQUEST_ID_CHARS_MAX
