"""Checkpoints follow from the log alone: not from batches, interleaving, refusals, holes or a restart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index_snapshots.apply import apply
from index_snapshots.checkpoints import CHECKPOINTS_KEPT, CheckpointLog
from index_snapshots.digests import hexadecimal
from index_snapshots.protocol import Offsets, ShardRecord
from schemas.digests import Checkpoints
from schemas.errors import InvalidEvent
from schemas.records import DocumentRecord, OfferRecord
from tests.unit.index_snapshots.drawing import interleaved, logs
from tests.unit.index_snapshots.making import document, logged, no_document, offer, shard

EVERY = 4


def holed(records: list[ShardRecord], holes: list[int]) -> list[ShardRecord]:
    """The same records with room for transaction markers before some of them."""
    moved, out = 0, []
    for record, hole in zip(records, [*holes, *[0] * len(records)], strict=False):
        moved += hole
        out.append(record._replace(offset=record.offset + moved))
    return out


def spoiled(records: list[ShardRecord], at: set[int]) -> list[ShardRecord]:
    """Some of them cannot be read: refused, but passed."""
    return [
        record._replace(value=InvalidEvent("malformed_record", "spoiled")) if place in at else record
        for place, record in enumerate(records)
    ]


some_logs = st.builds(
    lambda topic_log, holes, at: spoiled(holed(topic_log, holes), at),
    logs("documents"),
    st.lists(st.integers(0, 5), max_size=30),
    st.sets(st.integers(0, 30), max_size=3),
)
some_offers = st.builds(holed, logs("offers"), st.lists(st.integers(0, 5), max_size=30))


@given(data=st.data(), documents=some_logs, offers=some_offers)
def test_they_are_the_state_after_a_record_however_it_came(
    data: st.DataObject, documents: list[ShardRecord], offers: list[ShardRecord]
) -> None:
    one, checkpoints = shard(), CheckpointLog(EVERY, Offsets(0, 0))
    for batch in data.draw(interleaved(documents, offers)):
        apply(batch, one, checkpoints)
    assert checkpoints.kept == expected(documents, offers)


def expected(documents: list[ShardRecord], offers: list[ShardRecord]) -> Checkpoints:
    """By hand: each topic alone, record by record."""
    found: dict[str, list[dict[str, object]]] = {"documents": [], "offers": []}
    for topic, records in (("documents", documents), ("offers", offers)):
        alone, before = shard(), -1
        for record in records:
            apply([record], alone)
            if record.offset // EVERY > before // EVERY:
                digest = alone.view.digest_documents if topic == "documents" else alone.view.digest_offers
                found[topic].append({"offset": record.offset + 1, "digest": digest})
            before = record.offset
    return Checkpoints.model_validate({topic: all_of[-CHECKPOINTS_KEPT:] for topic, all_of in found.items()})


@given(data=st.data(), documents=some_logs, offers=some_offers)
def test_a_restarted_shard_makes_only_what_the_others_make(
    data: st.DataObject, documents: list[ShardRecord], offers: list[ShardRecord]
) -> None:
    first, second = data.draw(st.integers(0, len(documents))), data.draw(st.integers(0, len(offers)))
    one = shard()
    apply([*documents[:first], *offers[:second]], one)
    again = shard(start=one.view)
    checkpoints = CheckpointLog(EVERY, again.view.offsets)
    apply([*documents, *offers], again, checkpoints)
    whole = expected(documents, offers)
    assert all(made in whole.documents for made in checkpoints.kept.documents)
    assert all(made in whole.offers for made in checkpoints.kept.offers)
    held = (one.view.offsets.documents - 1) // EVERY
    after = [made for made in whole.documents if (made.offset - 1) // EVERY > held]
    assert [made for made in checkpoints.kept.documents if made in after] == after


def test_a_restart_at_a_multiple_misses_none() -> None:
    records = logged("documents", [document("a", order) for order in range(3 * EVERY)])
    for cut in range(len(records)):
        one = shard()
        apply(records[:cut], one)
        checkpoints = CheckpointLog(EVERY, one.view.offsets)
        apply(records[cut:], one, checkpoints)
        offsets = [made.offset for made in checkpoints.kept.documents]
        assert offsets == [at + 1 for at in (0, EVERY, 2 * EVERY) if at >= cut]


@pytest.mark.parametrize(("made", "kept"), [(CHECKPOINTS_KEPT, 8), (CHECKPOINTS_KEPT + 1, 8), (1, 1)])
def test_the_last_eight_are_kept(made: int, kept: int) -> None:
    one, checkpoints = shard(), CheckpointLog(1, Offsets(0, 0))
    apply(logged("offers", [offer("a", order) for order in range(made)]), one, checkpoints)
    assert [point.offset for point in checkpoints.kept.offers] == list(range(made - kept + 1, made + 1))
    assert checkpoints.kept.documents == []


def test_a_checkpoint_inside_a_batch_counts_what_changed_once() -> None:
    one, checkpoints = shard(), CheckpointLog(2, Offsets(0, 0))
    values: list[DocumentRecord | OfferRecord | str] = [
        document("a", 1),
        document("b", 2),
        no_document("a", 3),
        "a",
        document("b", 1),
    ]
    applied = apply(logged("documents", values), one, checkpoints)
    assert (applied.documents, applied.purges, applied.repeated, applied.changed) == (4, 1, 0, 4)
    assert [point.offset for point in checkpoints.kept.documents] == [1, 3, 5]
    assert one.view.offsets == (5, 0) and one.view.counts.skus == 1


def test_the_structure_is_of_the_same_record() -> None:
    one, checkpoints = shard(), CheckpointLog(1, Offsets(0, 0), lambda: one.view.counts.rows)
    apply(
        [*logged("documents", [document("a", 1), document("b", 2)]), *logged("offers", [offer("a", 1)])],
        one,
        checkpoints,
    )
    assert [point.structure for point in checkpoints.kept.documents] == [hexadecimal(1), hexadecimal(2)]
    assert [point.structure for point in checkpoints.kept.offers] == [""]
