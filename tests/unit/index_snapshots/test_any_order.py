"""Upserts, deletes, duplicates, late events, purges, merges and restarts in any order, against the plain truth."""

import itertools
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from index_snapshots.apply import apply
from index_snapshots.guards import Guards
from index_snapshots.protocol import ShardRecord
from index_snapshots.restore import restore
from index_snapshots.snapshot import write
from index_snapshots.writer import ShardWriter
from schemas.filters import Filters
from tests.contract.test_shard import answer, everything
from tests.unit.index_snapshots.drawing import SKUS, filters, interleaved, logs
from tests.unit.index_snapshots.making import DIM, ORIGIN, Truth, document, logged, no_offer, offer, shard, unit

NOW_MS = 1_800_000_000_000
FILLING = 18
"""Other products, some of them replaced: with heads of four rows there are graphs to merge from the start."""


def filling() -> list[ShardRecord]:
    return logged("documents", [document(f"f{at % 12}", at, seed=at) for at in range(FILLING)])


def restarted(one: ShardWriter, folder: Path) -> ShardWriter:
    """As another process goes on from its snapshot; what is under way is begun again there."""
    write(one.view, folder, ORIGIN, now_ms=NOW_MS, keep=2)
    view = restore(folder, ORIGIN, NOW_MS).view
    assert view is not None and everything(view) == everything(one.view)
    return shard(start=view)


@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data(), documents=logs("documents"), offers=logs("offers"))
def test_whatever_happens_in_whatever_order(
    tmp_path: Path, data: st.DataObject, documents: list[ShardRecord], offers: list[ShardRecord]
) -> None:
    """Offers before their documents, records that come again after a restart: SKUs, scores, counts, lookups, bytes."""
    behind = [record._replace(offset=record.offset + FILLING) for record in documents]
    one, straight, truth = shard(), shard(), Truth()
    for batch in data.draw(interleaved([*filling(), *behind], offers)):
        assert not apply(batch, one).refused
        if data.draw(st.booleans(), "restart"):
            event(f"{len(one.view.vectors.pending)} merges under way at a restart")
            one = restarted(one, tmp_path)
    for record in [*filling(), *behind, *offers]:
        truth.put(record)
        apply([record], straight)
    event(f"{straight.structure.figures.merges} merges")
    assert everything(one.view) == everything(straight.view)
    assert one.structure.structure_digest() == straight.structure.structure_digest()
    by = data.draw(filters)
    for vector, asked in itertools.product((None, unit(0), unit(FILLING - 1)), (Filters(), by)):
        assert answer(one.view, vector, 30, asked) == truth.search(vector, 30, asked)
    shown = truth.shown()
    for sku in (*SKUS, "f0", "f11"):
        hit = one.view.lookup(sku).hit
        assert (hit and (hit.content, hit.offer)) == ((shown[sku][0].content, shown[sku][1]) if sku in shown else None)
    assert one.view.counts.visible == len(shown) and one.view.scrub()


@pytest.mark.parametrize("orders", [True, False])
def test_a_product_that_is_created_again_across_a_merge_and_a_restart(tmp_path: Path, orders: bool) -> None:
    """C7: the row of before lies in a graph, its delete comes during a merge, the new one after the restart, and the
    old one is replayed before and after it. Where orders are not compared it comes back."""
    one = shard()
    apply([*filling(), *logged("offers", [offer("f1", 1, since=1), no_offer("f1", 100)])], one)
    assert one.view.vectors.pending and one.view.lookup("f1").hit is None
    one = shard(start=restarted(one, tmp_path).view, guards=Guards(orders=orders))
    again = [document("f1", 101, seed=7), *(document("f2", 102 + at, seed=at) for at in range(8))]
    old = document("f1", 99, seed=3)
    apply(logged("documents", [old, *again, old], FILLING), one)
    apply(logged("offers", [offer("f1", 101, since=101)], 2), one)
    assert (one.view.lookup("f1").content_order == (1, 101)) == orders
    if not orders:
        return
    found, _ = answer(one.view, unit(7, DIM), 1, Filters())
    assert found[0][0] == "f1" and one.view.scrub()
