"""What an event means: one pure function from a SKU's state and an event to a decision."""

from typing import Any, NamedTuple

from schemas import limits
from schemas.errors import InvalidEvent
from schemas.events import CatalogEvent, Delete, Patch, Upsert
from schemas.records import Content, ContentRecord, EventId, Offer, OfferRecord, Order, OutcomeKind, Price

CONTENT_FIELDS = tuple(Content.model_fields)
OFFER_FIELDS = tuple(Offer.model_fields)
OFFER_NAMES = frozenset(OFFER_FIELDS)


class SkuState(NamedTuple):
    """All that deciding needs to know of a SKU. A deleted one is remembered, with `live_since` None."""

    order: Order
    """Of the last accepted event."""
    version: int | None
    """The highest seen."""
    live_since: Order | None
    content: Content | None
    content_hash: str
    content_order: Order | None
    """Of the event that made this content; None for a deleted SKU."""
    offer: Offer | None


class Decision(NamedTuple):
    """What becomes of one event, and the records that follow from it."""

    outcome: OutcomeKind
    reason: str = ""
    content: ContentRecord | None = None
    offer: OfferRecord | None = None
    state: SkuState | None = None
    """The SKU's state afterwards; None: as before."""


def state_of(content: ContentRecord | None, offer: OfferRecord | None) -> SkuState | None:
    """The state that the newest records in `contents` and `offers` tell; None for a SKU never seen (or purged)."""
    if offer is None:
        return None
    live = offer.live_since is not None and content is not None and content.content is not None
    return SkuState(
        order=offer.order,
        version=offer.version,
        live_since=offer.live_since if live else None,
        content=content.content if live and content else None,
        content_hash=content.content_hash if live and content else "",
        content_order=content.order if live and content else None,
        offer=offer.offer if live else None,
    )


def decide(state: SkuState | None, event: CatalogEvent, order: Order, received_ms: int = 0) -> Decision | None:
    """Applies the ordering rules. None: this very event was decided before, its outcome stands in the log.

    `received_ms` (ms since 1970) is only carried along, for measuring freshness.

    - a lower version than the highest seen is superseded; an equal one that changes nothing is a duplicate;
      without a version an event simply comes next;
    - a delete that names the last event its sender knew of is superseded if the product has changed since; one that is
      gone has not: the delete is what its sender wants, and changes nothing;
    - a patch needs a live product, else InvalidEvent("unknown_sku");
    - a replayed dead letter is superseded if its SKU has moved on; if it is the newest content, which the encoder had
      refused, that content is written again, with the offer of today.
    """
    if state is not None and order <= state.order:
        return None
    if state is not None and event.version is not None and state.version is not None and event.version < state.version:
        return Decision("superseded", f"version {event.version} is older than {state.version}")
    version = event.version if event.version is not None else state.version if state else None
    if event.replay_of is not None and state is not None:
        refused = EventId.parse(event.replay_of).order
        if state.content_order == refused and state.content is not None and state.offer is not None:
            return _upsert(state, event, order, version, state.content, state.offer, received_ms)
        if state.order > refused:
            return Decision("superseded", "the product has changed since the dead-lettered event")
    if isinstance(event, Delete):
        live = state is not None and state.live_since is not None
        if event.unchanged_since and state and live and state.order > EventId.parse(event.unchanged_since).order:
            return Decision("superseded", f"the product has changed since {event.unchanged_since}")
        return _delete(state, event, order, version, received_ms)
    if isinstance(event, Patch) and (state is None or state.live_since is None):
        raise InvalidEvent("unknown_sku", f"there is no product {event.sku!r} to patch; send an upsert", sku=event.sku)
    content, offer = _whole(event) if isinstance(event, Upsert) else _patched(state, event)
    return _upsert(state, event, order, version, content, offer, received_ms)


def _delete(state: SkuState | None, event: Delete, order: Order, version: int | None, received_ms: int) -> Decision:
    gone = SkuState(order, version, None, None, "", None, None)
    offer = OfferRecord(sku=event.sku, order=order, version=version, received_ms=received_ms)
    if state is not None and state.live_since is None and event.replay_of is None:
        return _nothing_changed(state, event, state._replace(order=order, version=version), offer)
    content = ContentRecord(sku=event.sku, order=order, received_ms=received_ms)
    return Decision("deleted", content=content, offer=offer, state=gone)


def _upsert(
    state: SkuState | None,
    event: CatalogEvent,
    order: Order,
    version: int | None,
    content: Content,
    offer: Offer,
    received_ms: int,
) -> Decision:
    live_since = state.live_since if state and state.live_since else order
    created = state is None or state.live_since is None
    known = state is not None and content is state.content
    content_hash = state.content_hash if state is not None and known else content.content_hash()
    content_changed = created or event.replay_of is not None or state is None or content_hash != state.content_hash
    content_order = order if content_changed or state is None else state.content_order
    after = SkuState(order, version, live_since, content, content_hash, content_order, offer)
    offer_record = OfferRecord(
        sku=event.sku, order=order, offer=offer, version=version, live_since=live_since, received_ms=received_ms
    )
    if not content_changed and state is not None and _same(offer, state.offer):
        return _nothing_changed(state, event, after, offer_record)
    content_record = ContentRecord(
        sku=event.sku, order=order, content=content, content_hash=after.content_hash, received_ms=received_ms
    )
    return Decision("indexed", content=content_record if content_changed else None, offer=offer_record, state=after)


def _same(one: Offer, other: Offer | None) -> bool:
    """As `==`, but what changes most is looked at first, and whole models seldom."""
    return other is not None and (one.stock, one.availability) == (other.stock, other.availability) and one == other


def _nothing_changed(state: SkuState, event: CatalogEvent, after: SkuState, offer: OfferRecord) -> Decision:
    """Only a newly seen highest version is worth a record."""
    if event.version is not None and event.version == state.version:
        return Decision("duplicate", f"version {event.version} is already there and changes nothing")
    if after.version == state.version:
        return Decision("unchanged", "nothing in it differs from what is there")
    return Decision("unchanged", "only the version is newer", offer=offer, state=after)


def _whole(event: Upsert) -> tuple[Content, Offer]:
    values = event.model_dump()
    return _content(values), _offer(values)


def _patched(state: SkuState | None, patch: Patch) -> tuple[Content, Offer]:
    """JSON Merge Patch (RFC 7386) over the fields, and one level deep over the attributes."""
    assert state is not None and state.content is not None
    before = state.offer or Offer()
    if patch.given <= OFFER_NAMES:  # most patches: the content is not made anew, and cannot have grown
        return state.content, _offer_of(patch, before)
    changes, offer = patch.changes(), before.model_dump()
    attributes = dict(state.content.attributes)
    for name, value in changes.pop("attributes", {}).items():
        if value is None:
            attributes.pop(name, None)
        else:
            attributes[name] = value
    if len(attributes) > limits.ATTRIBUTES_MAX:
        raise InvalidEvent(
            "patched_invalid",
            f"{patch.sku!r} would have {len(attributes)} attributes after this patch, at most {limits.ATTRIBUTES_MAX}",
            sku=patch.sku,
        )
    values = {**state.content.model_dump(), **offer, **changes, "attributes": attributes}
    content = _content(values)
    size_bytes = len(content.encode())
    if size_bytes > limits.EVENT_BYTES_MAX:  # many small patches must not grow a record that Kafka cannot take
        raise InvalidEvent(
            "patched_invalid",
            f"{patch.sku!r} would have {size_bytes:,} bytes after this patch, at most {limits.EVENT_BYTES_MAX:,}",
            sku=patch.sku,
        )
    return content, _offer(values)


def _offer_of(patch: Patch, before: Offer) -> Offer:
    """As `_offer` of both as plain values, in less time."""
    given, price = patch.given, before.price
    if "price" in given:
        price = Price(amount=patch.price.amount, currency=patch.price.currency) if patch.price else None
    return Offer(
        price=price,
        stock=patch.stock if "stock" in given else before.stock,
        availability=patch.availability if "availability" in given else before.availability,
    )


def _content(values: dict[str, Any]) -> Content:
    return Content(**{name: values[name] for name in CONTENT_FIELDS})


def _offer(values: dict[str, Any]) -> Offer:
    price = values["price"]
    rest = {name: values[name] for name in OFFER_FIELDS if name != "price"}
    return Offer(price=Price(**price) if price else None, **rest)
