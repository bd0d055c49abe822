"""A hit as a record of the shop: its attributes under the names that the shop gave them."""

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.hits import Hit
from schemas.instantsearch import Ours
from serving.instantsearch.fields import SEPARATOR, Fields
from serving.instantsearch.parameters import chosen

Record = dict[str, Any]


def record_of(hit: Hit, fields: Fields) -> Record:
    """What is not known is left out. The shop's own attributes stand beside ours, `a.b` as `b` of an object `a`."""
    whole: Record = nested(hit.content.attributes)
    for ours, value in _ours(hit).items():
        if value is not None:
            whole |= dict.fromkeys(fields.theirs.get(ours, ()), value)
    return whole


def shown(hit: Hit, record: Record, retrieve: Sequence[str]) -> Record:
    """With its objectID, and of the rest what was asked for."""
    return {"objectID": hit.sku} | only(record, retrieve)


def only(record: Record, retrieve: Sequence[str]) -> Record:
    """The attributes that `attributesToRetrieve` chooses; `a.b` chooses `b` of `a`."""
    if "*" in retrieve and len(retrieve) == 1:
        return record
    found = {name: value for name, value in record.items() if chosen(retrieve, name)}
    for path in retrieve:
        name, dot, below = path.partition(".")
        whole = record.get(name)
        if dot and not chosen(retrieve, name) and isinstance(whole, dict) and below in whole:
            found.setdefault(name, {})[below] = whole[below]
    return found


def levels(path: Sequence[str]) -> dict[str, str]:
    """`{"lvl0": "Home", "lvl1": "Home > Lamps"}`."""
    return {f"lvl{at}": SEPARATOR.join(path[: at + 1]) for at in range(len(path))}


def nested(attributes: Mapping[str, Any]) -> Record:
    """`{"a.b": 1}` as `{"a": {"b": 1}}`, one deep; where `a` is something itself the name stays as it is."""
    found: Record = {}
    for name, value in attributes.items():
        outer, dot, inner = name.partition(".")
        if dot and outer and inner and outer not in attributes:
            found.setdefault(outer, {})[inner] = value
        else:
            found[name] = value
    return found


def _ours(hit: Hit) -> dict[Ours, Any]:
    content, offer = hit.content, hit.offer
    price = offer.price if offer else None
    images = content.image_urls or None
    return {
        "title": content.title,
        "description": content.description,
        "brand": content.brand,
        "category": content.category,
        "category_levels": levels(content.category) if content.category else None,
        "price": price.amount if price else None,
        "currency": price.currency if price else None,
        "stock": offer.stock if offer else None,
        "in_stock": hit.in_stock,
        "availability": offer.availability if offer else None,
        "image": images[0] if images else None,
        "images": images,
        "url": content.url,
        "locale": content.locale,
    }
