"""The one way into a shard, for the live agent, the restore and the replay: read, check, write, name the refused."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import orjson

from index_snapshots.checkpoints import CheckpointLog
from index_snapshots.guards import GUARDS, Guards
from index_snapshots.orders import NO_ORDER, pack
from index_snapshots.protocol import (
    Change,
    DocumentChange,
    Half,
    OfferChange,
    Offsets,
    Purge,
    Shard,
    ShardRecord,
    Topic,
)
from schemas.errors import InvalidEvent
from schemas.limits import STOCK_MAX, VERSION_MAX
from schemas.records import DocumentRecord, OfferRecord, Order, decode, is_unit


@dataclass(frozen=True)
class Refused:
    """A record that the shard cannot take: dead-letter it."""

    record: ShardRecord
    reason: str
    """A code of `schemas.reasons`: malformed_record, bad_vector or wrong_encoder."""
    message: str


@dataclass(frozen=True)
class Applied:
    """What became of one batch; the five counts add up to its length."""

    documents: int
    """Records taken from `documents`, those included that changed nothing because a newer one was known."""
    offers: int
    purges: int
    repeated: int
    """Records at offsets that the shard held already."""
    refused: tuple[Refused, ...]
    changed: int
    """How many of the taken ones changed anything."""


def parse(topic: Topic, offset: int, key: bytes | None, value: bytes | None, timestamp_ms: int) -> ShardRecord:
    """Reads one record of `documents` or `offers`. Raises InvalidEvent("malformed_record")."""
    try:
        sku = (key or b"").decode()
    except UnicodeDecodeError as error:
        raise InvalidEvent("malformed_record", f"the key at {topic} {offset} is not UTF-8: {error}") from error
    if not sku:
        raise InvalidEvent("malformed_record", f"the record at {topic} {offset} has no key; it must be the SKU")
    if value is None:
        return ShardRecord(topic, offset, sku, timestamp_ms, None)
    record = decode(DocumentRecord, value) if topic == "documents" else decode(OfferRecord, value)
    if record.sku != sku:
        raise InvalidEvent("malformed_record", f"the record at {topic} {offset} has key {sku!r}, not its SKU", sku=sku)
    return ShardRecord(topic, offset, sku, timestamp_ms, record)


def read(topic: Topic, offset: int, key: bytes | None, value: bytes | None, timestamp_ms: int) -> ShardRecord:
    """Like `parse`, but what cannot be read becomes a record that `apply` refuses, so that its offset is passed."""
    try:
        return parse(topic, offset, key, value, timestamp_ms)
    except InvalidEvent as error:
        return ShardRecord(topic, offset, (key or b"").decode(errors="replace"), timestamp_ms, error)


def apply(
    records: Sequence[ShardRecord], shard: Shard, checkpoints: CheckpointLog | None = None, guards: Guards = GUARDS
) -> Applied:
    """Applies records in the order given and publishes one view, and one more at each checkpoint inside.

    Offsets rise within a topic (with holes); the two topics may be interleaved in any way. What stands below the
    shard's own offsets is held already and is passed over.
    """
    following = dict(zip(Offsets._fields, shard.view.offsets, strict=True))
    changes: list[Change] = []
    written = 0
    """How many of `changes` the shard has."""
    refused: list[Refused] = []
    repeated = changed = 0
    unpublished = False
    for record in records:
        if record.offset < following[record.topic]:
            repeated += 1
            continue
        following[record.topic] = record.offset + 1
        unpublished = True
        try:
            changes.append(check(record, shard.view.identity.encoder, shard.view.identity.dim, guards))
        except InvalidEvent as error:
            refused.append(Refused(record, error.reason, str(error)))
        if checkpoints is not None and checkpoints.due(record.topic, record.offset):
            changed += shard.write(changes[written:], Offsets(**following))
            written, unpublished = len(changes), False
            checkpoints.note(record.topic, shard.view)
    if unpublished:
        changed += shard.write(changes[written:], Offsets(**following))
    return Applied(
        documents=sum(isinstance(change, DocumentChange) for change in changes),
        offers=sum(isinstance(change, OfferChange) for change in changes),
        purges=sum(isinstance(change, Purge) for change in changes),
        repeated=repeated,
        refused=tuple(refused),
        changed=changed,
    )


def check(record: ShardRecord, encoder: str, dim: int, guards: Guards = GUARDS) -> Change:
    """What a record asks of a shard. Raises InvalidEvent: bad_vector, wrong_encoder, malformed_record."""
    value = record.value
    if value is None:
        return Purge(record.topic, record.sku)
    if isinstance(value, InvalidEvent):
        raise value
    if isinstance(value, DocumentRecord) != (record.topic == "documents"):
        raise InvalidEvent("malformed_record", f"{record.topic} {record.offset} holds a {type(value).__name__}")
    if isinstance(value, OfferRecord):
        return _offer(record, value)
    return _document(record, value, encoder, dim, guards)


def _document(record: ShardRecord, value: DocumentRecord, encoder: str, dim: int, guards: Guards) -> DocumentChange:
    order = _pack(record, value.order)
    if value.content is None and value.vector is None:
        return DocumentChange(record.sku, order, record.timestamp_ms)
    if value.content is None:
        raise InvalidEvent("malformed_record", f"the document of {record.sku!r} has a vector but no content")
    if value.encoder != encoder:
        raise InvalidEvent(
            "wrong_encoder", f"the document of {record.sku!r} is from encoder {value.encoder!r}, not {encoder!r}"
        )
    return DocumentChange(
        record.sku,
        order,
        record.timestamp_ms,
        # Copied, because orjson's bytes keep hold of the 4 KB or so that it wrote them in (measured).
        body=bytes(memoryview(orjson.dumps(value.content.model_dump(exclude_none=True)))),
        brand=value.content.brand or "",
        category=tuple(value.content.category or ()),
        vector=_vector(record.sku, value.vector, dim, guards),
        attributes=value.content.attributes,
    )


def _offer(record: ShardRecord, value: OfferRecord) -> OfferChange:
    stock = value.offer.stock if value.offer else None
    if stock is not None and not 0 <= stock <= STOCK_MAX:
        raise InvalidEvent("malformed_record", f"the offer of {record.sku!r} has stock {stock}: not 0..{STOCK_MAX}")
    if value.version is not None and not 0 <= value.version <= VERSION_MAX:
        raise InvalidEvent("malformed_record", f"the offer of {record.sku!r} has version {value.version}")
    return OfferChange(
        record.sku,
        _pack(record, value.order),
        record.timestamp_ms,
        value.offer,
        value.version,
        NO_ORDER if value.live_since is None or value.offer is None else _pack(record, value.live_since),
    )


def _pack(record: ShardRecord, order: Order) -> int:
    try:
        return pack(order)
    except ValueError as error:
        raise InvalidEvent("malformed_record", f"{record.topic} of {record.sku!r}: {error}") from error


def _vector(sku: str, text: str | None, dim: int, guards: Guards) -> Half:
    """base64 of little-endian fp16 -> (dim,), finite and of length 1."""
    try:
        data = base64.b64decode(text or "", validate=True)
    except ValueError as error:
        raise InvalidEvent("bad_vector", f"the vector of {sku!r} is not base64: {error}") from error
    if len(data) != 2 * dim:
        raise InvalidEvent("bad_vector", f"the vector of {sku!r} has {len(data)} bytes; fp16 x {dim} has {2 * dim}")
    vector = np.frombuffer(data, dtype="<f2").astype(np.float16, copy=False)
    wide = vector.astype(np.float32)
    if guards.vectors and not is_unit(float(wide @ wide) ** 0.5):
        raise InvalidEvent("bad_vector", f"the vector of {sku!r} is not finite or not of length 1")
    return vector
