"""Reading and checking records: what is refused, with which reason, and that its neighbours are taken."""

import base64
from typing import Any

import numpy as np
import pytest

from index_snapshots.apply import apply, parse, read
from index_snapshots.orders import ORDER_OFFSET_MAX
from index_snapshots.protocol import Lookup, ShardRecord, Topic
from schemas.errors import InvalidEvent
from schemas.limits import STOCK_MAX
from schemas.reasons import REASONS
from schemas.records import DocumentRecord, OfferRecord, Order
from tests.unit.index_snapshots.making import DIM, b64, document, logged, no_document, no_offer, offer, shard, unit


def vectors(*values: float) -> str:
    return base64.b64encode(np.array(values, dtype="<f2").tobytes()).decode()


BAD_VECTORS = {
    "nan": vectors(float("nan"), *[0.0] * (DIM - 1)),
    "infinite": vectors(float("inf"), *[0.0] * (DIM - 1)),
    "minus infinite and infinite": vectors(float("inf"), float("-inf"), *[0.0] * (DIM - 2)),
    "zero": vectors(*[0.0] * DIM),
    "twice as long": vectors(2.0, *[0.0] * (DIM - 1)),
    "just too long": vectors(1.003, *[0.0] * (DIM - 1)),
    "one more": vectors(1.0, *[0.0] * DIM),
    "one less": vectors(1.0, *[0.0] * (DIM - 2)),
    "not base64": "?" * 24,
    "not ascii": "ü" * 24,
    "cut": b64(unit(1))[:-1],
    "empty": "",
    "none": None,
}


def changed(record: Any, **fields: object) -> Any:
    return record.model_copy(update=fields)


@pytest.mark.parametrize("name", BAD_VECTORS)
def test_a_bad_vector_is_refused_and_its_neighbours_are_taken(name: str) -> None:
    one = shard()
    bad = changed(document("bad", 2), vector=BAD_VECTORS[name])
    applied = apply(logged("documents", [document("a", 1), bad, document("b", 3)]), one)
    assert [(refused.record.sku, refused.reason) for refused in applied.refused] == [("bad", "bad_vector")]
    assert applied.documents == 2 and one.view.counts.rows == 2 and one.view.offsets.documents == 3
    assert one.view.lookup("bad").hit is None


def test_a_vector_within_fp16_rounding_is_taken() -> None:
    record = changed(document("a", 1), vector=vectors(1.001, *[0.0] * (DIM - 1)))
    assert not apply(logged("documents", [record]), shard()).refused


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (changed(document("a", 1), encoder="other"), "wrong_encoder"),
        (changed(document("a", 1), content=None), "malformed_record"),
        (document("a", ORDER_OFFSET_MAX + 1), "malformed_record"),
        (changed(document("a", 1), order=Order(-1, 1)), "malformed_record"),
        (offer("a", 1, stock=STOCK_MAX + 1), "malformed_record"),
        (offer("a", 1, stock=-1), "malformed_record"),
        (offer("a", 1, since=ORDER_OFFSET_MAX + 1), "malformed_record"),
        (changed(offer("a", 1), version=2**63), "malformed_record"),
        (changed(offer("a", 1), version=-1), "malformed_record"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_known_reason(record: DocumentRecord | OfferRecord, reason: str) -> None:
    topic: Topic = "documents" if isinstance(record, DocumentRecord) else "offers"
    (refused,) = apply(logged(topic, [record]), shard()).refused
    assert refused.reason == reason and reason in REASONS and "'a'" in refused.message


def test_the_limits_themselves_are_taken() -> None:
    one = shard()
    largest = changed(offer("a", ORDER_OFFSET_MAX, stock=STOCK_MAX, since=ORDER_OFFSET_MAX), version=2**63 - 1)
    documents = logged("documents", [document("a", ORDER_OFFSET_MAX)])
    assert not apply([*documents, *logged("offers", [largest])], one).refused
    hit = one.view.lookup("a").hit
    assert hit is not None and hit.offer == largest.offer and hit.offer_order == largest.order
    assert one.view.scrub()


def test_a_record_on_the_wrong_topic_is_refused() -> None:
    (refused,) = apply([ShardRecord("offers", 0, "a", 0, document("a", 1))], shard()).refused
    assert refused.reason == "malformed_record"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (b"a", b"{"),
        (b"a", b""),
        (b"a", b"[]"),
        (b"a", b'{"sku":"a"}'),
        (b"b", document("a", 1).encode()),
        (None, document("a", 1).encode()),
        (b"", None),
        (b"\xff", None),
        (b"a", offer("a", 1).encode()),
    ],
)
def test_bytes_that_are_not_a_document_are_refused_and_passed(key: bytes | None, value: bytes | None) -> None:
    with pytest.raises(InvalidEvent) as error:
        parse("documents", 7, key, value, 0)
    assert error.value.reason == "malformed_record"
    one = shard()
    applied = apply([read("documents", 7, key, value, 0)], one)
    assert applied.refused[0].reason == "malformed_record" and applied.refused[0].record.offset == 7
    assert one.view.offsets.documents == 8


@pytest.mark.parametrize("value", [document("ä", 1), no_document("ä", 2)])
def test_a_document_reads_as_it_was_written(value: DocumentRecord) -> None:
    assert parse("documents", 3, "ä".encode(), value.encode(), 99) == ShardRecord("documents", 3, "ä", 99, value)


@pytest.mark.parametrize("value", [offer("ä", 1), no_offer("ä", 2)])
def test_an_offer_reads_as_it_was_written(value: OfferRecord) -> None:
    assert parse("offers", 3, "ä".encode(), value.encode(), 99) == ShardRecord("offers", 3, "ä", 99, value)


def test_counts_add_up() -> None:
    one = shard()
    batch = logged("documents", [document("a", 1), document("a", 1), no_document("a", 2), "a", document("b", 0)])
    apply(batch[:1], one)
    applied = apply(batch, one)
    assert (applied.documents, applied.purges, applied.repeated, applied.changed) == (3, 1, 1, 3)
    assert not apply(batch, one).changed


def test_a_null_record_purges_a_delete_and_nothing_else() -> None:
    one = shard()
    apply(logged("documents", [document("live", 1), "live", no_document("gone", 2)]), one)
    apply(logged("offers", [offer("live", 1), "live", no_offer("gone", 2), "never"]), one)
    assert one.view.lookup("gone").deleted and one.view.counts.skus == 2
    apply([*logged("documents", ["gone"], 3), *logged("offers", ["gone"], 4)], one)
    assert one.view.lookup("gone") == Lookup(None, False, None, None, None)
    assert one.view.lookup("live").hit is not None and one.view.counts.skus == 1
    fresh = shard()
    apply([*logged("documents", [document("live", 1)]), *logged("offers", [offer("live", 1)])], fresh)
    assert fresh.view.digest_documents == one.view.digest_documents
    assert fresh.view.digest_offers == one.view.digest_offers
