"""The promises of `index_snapshots.protocol.Shard`, for every engine."""

import itertools
import threading
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index_snapshots.apply import apply
from index_snapshots.pacing import Pacing
from index_snapshots.protocol import Half, Leaning, Shard, ShardRecord, View
from schemas.filters import Filters
from tests.unit.index_snapshots.drawing import SKUS, filters, interleaved, logs
from tests.unit.index_snapshots.making import SMALL, Truth, document, hits, logged, no_offer, offer, shard, unit

ENGINES: dict[str, Pacing] = {
    "graphs": SMALL,
    "exact": Pacing(head_rows=4, rows_per_s_max=30),
    "flat": Pacing(exact_max=0),
}
"""Everything in graphs as soon as possible; few products scored exactly; all of them in a flat head."""
Make = Callable[[], Shard]
drawn = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


@pytest.fixture(params=list(ENGINES))
def make(request: pytest.FixtureRequest) -> Make:
    return lambda: shard(pacing=ENGINES[request.param])


def answer(view: View, vector: Half | None, limit: int, by: Filters) -> tuple[list[tuple[str, float | None]], int]:
    found, matching = view.search(vector, limit, by)
    return [(one.sku, one.score) for one in found], matching


def everything(view: View) -> object:
    """All that can be seen of a state."""
    return (
        view.offsets,
        view.counts,
        view.digest_documents,
        view.digest_offers,
        [view.lookup(sku) for sku in SKUS],
        [answer(view, vector, 3, Filters()) for vector in (None, unit(0), unit(5))],
        view.states().tobytes(),
        view.names(),
    )


@drawn
@given(data=st.data(), documents=logs("documents"), offers=logs("offers"))
def test_agrees_with_the_truth(
    make: Make, data: st.DataObject, documents: list[ShardRecord], offers: list[ShardRecord]
) -> None:
    shard, truth = make(), Truth()
    for record in [*documents, *offers]:
        truth.put(record)
    for batch in data.draw(interleaved(documents, offers)):
        assert not apply(batch, shard).refused
    by, limit = data.draw(st.lists(filters, min_size=1, max_size=3)), data.draw(st.integers(1, 6))
    for vector, each in itertools.product((None, unit(0), unit(9)), by):
        assert answer(shard.view, vector, limit, each) == truth.search(vector, limit, each)
    shown = truth.shown()
    for sku in SKUS:
        hit = shard.view.lookup(sku).hit
        assert (hit and (hit.content, hit.offer, hit.content_order)) == (
            (shown[sku][0].content, shown[sku][1], shown[sku][0].order) if sku in shown else None
        )
    assert shard.view.counts.visible == len(shown)
    assert shard.view.counts.skus == len(truth.known["documents"].keys() | truth.known["offers"].keys())
    assert shard.view.scrub()


@drawn
@given(data=st.data(), documents=logs("documents"), offers=logs("offers"))
def test_any_interleaving_any_redelivery_gives_one_state(
    make: Make, data: st.DataObject, documents: list[ShardRecord], offers: list[ShardRecord]
) -> None:
    one, other = make(), make()
    apply([*documents, *offers], one)
    for batch in data.draw(interleaved(documents, offers)):
        apply(batch, other)
    assert everything(one.view) == everything(other.view)


@drawn
@given(data=st.data(), documents=logs("documents"), offers=logs("offers"))
def test_an_old_view_stays_as_it_was(
    make: Make, data: st.DataObject, documents: list[ShardRecord], offers: list[ShardRecord]
) -> None:
    shard = make()
    seen = []
    for batch in data.draw(interleaved(documents, offers)):
        apply(batch, shard)
        seen.append((shard.view, everything(shard.view)))
    assert all(everything(view) == before for view, before in seen)


@drawn
@given(data=st.data(), documents=logs("documents"), offers=logs("offers"))
def test_what_is_written_of_hits_is_what_a_lookup_says(
    make: Make, data: st.DataObject, documents: list[ShardRecord], offers: list[ShardRecord]
) -> None:
    shard = make()
    apply([*documents, *offers], shard)
    vector, leaning = data.draw(st.sampled_from([(None, None), (unit(0), None), (unit(0), Leaning(unit(1), 0.3))]))
    found = shard.view.search(vector, 5, Filters(), leaning).found
    expected = [(shard.view.lookup(one.sku).hit, one) for one in found]
    assert hits(shard.view, found) == [
        hit and hit.model_copy(update={"score": one.score, "affinity": one.affinity}) for hit, one in expected
    ]


def test_every_record_produced_again_changes_nothing(make: Make) -> None:
    shard = make()
    values = [document("a", 1), document("a", 4, seed=2), document("b", 2), document("c", 3)]
    costs = [offer("a", 1, since=1), no_offer("b", 5), offer("c", 6, since=3, price=2.0)]
    apply([*logged("documents", values), *logged("offers", costs)], shard)
    before = (shard.view.digest_documents, shard.view.digest_offers, answer(shard.view, unit(1), 9, Filters()))
    again = apply([*logged("documents", values * 2, 4), *logged("offers", costs * 2, 3)], shard)
    assert again.changed == 0 and again.documents == 8 and again.offers == 6
    assert before == (shard.view.digest_documents, shard.view.digest_offers, answer(shard.view, unit(1), 9, Filters()))
    assert shard.view.offsets == (12, 9)


def test_readers_see_whole_batches_while_one_writes(make: Make) -> None:
    """Each batch gives both SKUs the same content; no reader may meet two different ones."""
    shard, stop, torn = make(), threading.Event(), list[object]()

    def look() -> None:
        while not stop.is_set():
            view = shard.view
            met = hits(view, view.search(unit(1), 5, Filters()).found)
            if len({hit.content_order for hit in met}) > 1 or len(met) not in (0, 2):
                torn.append(met)

    readers = [threading.Thread(target=look) for _ in range(2)]
    for reader in readers:
        reader.start()
    for order in range(400):
        apply(logged("documents", [document("a", order, seed=1), document("b", order, seed=1)], 2 * order), shard)
    stop.set()
    for reader in readers:
        reader.join()
    assert not torn
