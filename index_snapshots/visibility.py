"""Whether a product is shown, from the newest document and the newest offer of its SKU, in whatever order they came."""

from typing import NamedTuple

from index_snapshots.orders import NO_ORDER


class Document(NamedTuple):
    """The newest record of a SKU in `documents`."""

    order: int
    live: bool
    """False for a delete."""


class OfferMark(NamedTuple):
    """The newest record of a SKU in `offers`."""

    order: int
    live: bool
    """False for a delete."""
    live_since: int = NO_ORDER
    """Order of the upsert that created or re-created the product."""


def visible(document: Document | None, offer: OfferMark | None) -> bool:
    """A live document, unless a newer delete or re-creation is already known from the offers."""
    if document is None or not document.live:
        return False
    if offer is None:
        return True
    return document.order >= offer.live_since if offer.live else document.order > offer.order


def deleted(document: Document | None, offer: OfferMark | None) -> bool:
    """Whether the newest thing known of a SKU is its delete."""
    known = [(mark.order, not mark.live) for mark in (document, offer) if mark is not None]
    return not visible(document, offer) and max(known, default=(NO_ORDER, False))[1]
