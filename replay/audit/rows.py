"""What each SKU of a shard must be at an offset of `documents` or `offers`, by the log alone, as hashes in buckets."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

import orjson

from index_snapshots.apply import check, parse
from index_snapshots.buckets import BUCKETS, bucket_of
from index_snapshots.digests import MODULUS, document_hash, hexadecimal, offer_hash
from index_snapshots.orders import NO_ORDER, pack
from index_snapshots.protocol import Change, DocumentChange, OfferChange, Topic
from replay.audit.share import Share
from schemas.errors import InvalidEvent
from schemas.records import Order
from streams.reader import LogRecord

HELD_BACK_MAX: Final = 50_000
"""Records, about 3 KB each, that wait for a newer one of their SKU before they are read."""


class Row(NamedTuple):
    """What a shard must hold of one SKU."""

    order: int
    """Packed."""
    digest: int
    live: bool


class Rows:
    """Of one topic of one partition. Only moves forward. `encoder`, `dim`: what its shards take."""

    def __init__(
        self, read: Callable[[int], Iterator[LogRecord]], topic: Topic, encoder: str, dim: int, share: Share
    ) -> None:
        """`read`: the records of the topic that were not read yet, up to an offset."""
        self._read = read
        self._topic = topic
        self._encoder = encoder
        self._dim = dim
        self._share = share
        self._newest: dict[str, list[tuple[int, LogRecord]]] = {}
        """By SKU the records that may be the newest that a shard takes, by order."""
        self._held_back = 0
        self.offset = 0
        """Next offset of the topic."""
        self._known: dict[str, Row] = {}
        """Those that were worked out."""

    def advance(self, offset: int) -> None:
        """Takes what stands before the offset."""
        for record in self._read(offset):
            self._note(record)
        self.offset = offset

    def digests(self) -> list[str]:
        """As a shard tells its buckets; those of other shares are of no account."""
        sums = [0] * BUCKETS
        for sku, row in self.rows().items():
            sums[bucket_of(sku)] += row.digest
        return [hexadecimal(total % MODULUS) for total in sums]

    def rows(self) -> Mapping[str, Row]:
        """By SKU."""
        for sku, records in self._newest.items():
            self._work_out(sku, records)
        self._newest.clear()
        self._held_back = 0
        return self._known

    def _note(self, record: LogRecord) -> None:
        if not record.key or not self._share.has_key(record.key):
            return
        sku = record.key.decode(errors="replace")
        if record.value is None:
            self._purge(sku)
            return
        try:
            order = pack(Order(*orjson.loads(record.value)["order"]))
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            return  # no shard takes it
        self._newest.setdefault(sku, []).append((order, record))
        self._held_back += 1
        if self._held_back >= HELD_BACK_MAX:
            self.rows()

    def _work_out(self, sku: str, records: list[tuple[int, LogRecord]]) -> None:
        """The newest that a shard takes: mostly the last, so the others need not be read."""
        known = self._known[sku].order if sku in self._known else NO_ORDER
        for order, record in sorted(records, key=lambda one: one[0], reverse=True):
            if order <= known:
                return
            try:
                change = check(parse(self._topic, record.offset, record.key, record.value, 0), self._encoder, self._dim)
            except InvalidEvent:
                continue
            self._known[sku] = _row(change)
            return

    def _purge(self, sku: str) -> None:
        """Forgets a deleted one; a living one a shard keeps."""
        self._work_out(sku, self._newest.pop(sku, []))
        if sku in self._known and not self._known[sku].live:
            del self._known[sku]


def _row(change: Change) -> Row:
    """As `index_snapshots.stored` hashes what a shard holds of it."""
    if isinstance(change, DocumentChange):
        vector = b"" if change.vector is None else change.vector.tobytes()
        digest = document_hash(change.sku, change.order, change.body, vector)
        return Row(change.order, digest, change.body is not None)
    assert isinstance(change, OfferChange)
    offer = change.offer
    price = offer.price if offer else None
    numbers = (
        change.order,
        change.live_since,
        -1 if change.version is None else change.version,
        offer is not None,
        -1 if offer is None or offer.stock is None else offer.stock,
        -1.0 if price is None else price.amount,
    )
    digest = offer_hash(change.sku, numbers, price.currency if price else "", offer.availability if offer else None)
    return Row(change.order, digest, offer is not None)
