"""Negative controls of the whole scrub: one flipped bit in any column, row, body, mark or segment file is found."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index_snapshots.apply import apply
from index_snapshots.columns import STATE
from index_snapshots.heads import Head
from index_snapshots.protocol import ShardRecord
from index_snapshots.scrub_files import SLICE_BYTES, SegmentFiles
from index_snapshots.scrub_whole import WholeScrub
from index_snapshots.writer import ShardWriter
from schemas.records import Availability, Offer, OfferRecord, Order, Price
from tests.unit.index_snapshots.drawing import interleaved, logs
from tests.unit.index_snapshots.making import content, document, logged, no_document, no_offer, offer, shard
from tests.unit.index_snapshots.test_any_order import FILLING, filling, restarted

SKUS = 40
"""Several segments, and heads."""


def filled() -> ShardWriter:
    one = shard()
    named = content(brand="Lumen", category=["Home", "Lamps"], attributes={"colour": ["red", "blue"], "watts": 40})
    documents = [document(str(i), i, seed=i, of=named) for i in range(SKUS)]
    in_stock: Availability = "in_stock"
    offers = [
        OfferRecord(
            sku=str(i),
            order=Order(1, i),
            offer=Offer(price=Price(amount=1.0 + i, currency="EUR"), stock=4 + i, availability=in_stock),
            live_since=Order(1, 0),
            version=i,
        )
        for i in range(SKUS)
    ]
    apply([*logged("documents", documents), *logged("offers", offers)], one)
    apply(logged("documents", [no_document("0", 100), document("2", 101, seed=99)], SKUS), one)
    apply(logged("offers", [no_offer("1", 102), offer("3", 103)], SKUS), one)
    return one


def found_in(one: ShardWriter) -> list[str]:
    scrub = WholeScrub(one.view)
    for _ in scrub:
        pass
    return list(scrub.differing())


def slot_of(one: ShardWriter, sku: str = "7") -> int:
    return one.view.words.slot_of[sku]


def flip_bytes(array: np.ndarray, bit: int = 0) -> None:
    raw = bytearray(array.tobytes())
    raw[bit // 8] ^= 1 << bit % 8
    array[...] = np.frombuffer(bytes(raw), array.dtype).reshape(array.shape)


def test_a_whole_shard_with_segments_and_heads_is_quiet() -> None:
    one = filled()
    parts = one.view.vectors.parts
    assert any(part.store.segment for part in parts) and any(part.store.head for part in parts)
    assert found_in(one) == []


@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data(), documents=logs("documents"), offers=logs("offers"))
def test_after_any_history_a_whole_shard_is_quiet(
    tmp_path: Path, data: st.DataObject, documents: list[ShardRecord], offers: list[ShardRecord]
) -> None:
    """A false alarm would take all replicas for damaged at once."""
    behind = [record._replace(offset=record.offset + FILLING) for record in documents]
    one = shard()
    for batch in data.draw(interleaved([*filling(), *behind], offers)):
        apply(batch, one)
        assert found_in(one) == []
        if data.draw(st.booleans(), "restart"):
            one = restarted(one, tmp_path)
            assert found_in(one) == []


@pytest.mark.parametrize("name", list(STATE.fields or ()))
def test_a_bit_of_any_column_is_found(name: str) -> None:
    one = filled()
    at = slot_of(one)
    flip_bytes(one.view.columns.chunks[name][0][at : at + 1])
    assert set(found_in(one)) & {"documents", "offers"}


def test_a_body_is_found() -> None:
    one = filled()
    bodies, at = one.view.bodies.branches[0][0], slot_of(one)
    bodies[at] = (bodies[at] or b"").replace(b"Lamps", b"Lamqs")
    assert found_in(one) == ["documents"]


def test_a_vector_in_a_head_is_found() -> None:
    one = filled()
    part = [part for part in one.view.vectors.parts if part.store.head and part.count][-1]
    flip_bytes(part.store.vectors[0, :1])
    assert found_in(one) == ["documents"]


@pytest.mark.parametrize("which", ["graph", "rows", "vectors", "codes"])
def test_a_bit_of_any_file_of_a_segment_is_found_and_the_file_named(which: str) -> None:
    """Also of a row that is dead, and of a link that no vector tells of."""
    one = filled()
    segment = next(part.store.segment for part in one.view.vectors.parts if part.store.segment)
    found = getattr(segment.files, which)
    path: Path = found if isinstance(found, Path) else found[-1]
    with path.open("r+b") as file:
        file.seek(-1, 2)
        last = file.read()
        file.seek(-1, 2)
        file.write(bytes([last[0] ^ 1]))
    scrub = WholeScrub(one.view)
    for _ in scrub:
        pass
    assert "structure" in scrub.differing() and scrub.damaged_files == [path.name]


def whose_row(one: ShardWriter) -> None:
    part = one.view.vectors.parts[0]
    row = one.view.columns.get("row", slot_of(one))
    flip_bytes(part.store.slots[part.store.position(row) : part.store.position(row) + 1])


def hidden(one: ShardWriter) -> None:
    part = one.view.vectors.parts[0]
    at = part.store.position(one.view.columns.get("row", slot_of(one)))
    part.bits[at // 8] ^= 1 << at % 8


def dead_row_shown(one: ShardWriter) -> None:
    """The first row of SKU 2, which has a newer one."""
    part = one.view.vectors.parts[0]
    at = part.store.position(2)
    assert not part.bits[at // 8] >> at % 8 & 1
    part.bits[at // 8] |= 1 << at % 8


def head_row(one: ShardWriter) -> tuple[Head, int]:
    """The newest of those that are not dead: the second row of SKU 2."""
    row = one.view.columns.get("row", slot_of(one, "2"))
    head = [part.store.head for part in one.view.vectors.parts if part.store.first_row <= row][-1]
    assert head is not None
    return head, row - head.first_row


def code_in_head(one: ShardWriter) -> None:
    head, at = head_row(one)
    head.block.flat.codes[head.begin + at, 0] ^= 1


def levels_in_head(one: ShardWriter) -> None:
    head, at = head_row(one)
    head.levels[at] ^= 1


def facet_value(one: ShardWriter) -> None:
    flip_bytes(one.view.facets["colour"].chunks[0].values[3:4])


def facet_number(one: ShardWriter) -> None:
    flip_bytes(one.view.facets["watts"].chunks[0].values[3:4])


def facet_of_another(one: ShardWriter) -> None:
    flip_bytes(one.view.facets["colour"].chunks[0].positions[3:4], 5)


BESIDE = [whose_row, hidden, code_in_head, levels_in_head, facet_value, facet_number, facet_of_another]


@pytest.mark.parametrize(("flip", "named"), [*((flip, "documents") for flip in BESIDE), (dead_row_shown, "structure")])
def test_what_a_search_reads_beside_the_records_is_compared(flip: Callable[[ShardWriter], None], named: str) -> None:
    one = filled()
    flip(one)
    assert named in found_in(one)


def test_files_are_read_in_slices_and_one_that_is_gone_is_no_damage(tmp_path: Path) -> None:
    one = filled()
    segments = [part.store.segment for part in one.view.vectors.parts if part.store.segment]
    files = SegmentFiles(one.view.vectors)
    assert len(list(files)) == 4 * len(segments) and files.damaged == []
    path = segments[0].files.graph
    path.write_bytes(path.read_bytes() + bytes(SLICE_BYTES + 1 - path.stat().st_size))
    assert len(list(SegmentFiles(one.view.vectors))) == 4 * len(segments) + 1
    path.unlink()
    again = SegmentFiles(one.view.vectors)
    assert list(again) and again.damaged == []
