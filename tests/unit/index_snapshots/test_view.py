"""Lookups, times, compaction and scrubs of the exact shard."""

from index_snapshots.apply import apply
from index_snapshots.columns import CHUNK_ROWS
from index_snapshots.orders import pack
from index_snapshots.pacing import Pacing
from index_snapshots.times import TIMES_MAX, Moment, Times
from schemas.filters import Filters
from schemas.records import Order
from tests.unit.index_snapshots.making import content, document, hits, logged, no_document, no_offer, offer, shard, unit


def test_lookup_says_what_is_still_to_come() -> None:
    one = shard()
    documents = [document("a", 1), document("b", 1), no_document("c", 5), document("d", 1), document("f", 9)]
    offers = [offer("a", 1), offer("c", 1), offer("d", 7, since=7), offer("e", 1), no_offer("f", 5)]
    apply([*logged("documents", documents), *logged("offers", offers)], one)
    seen = {sku: one.view.lookup(sku) for sku in "abcdef"}
    assert {sku: (look.hit is not None, look.deleted, look.waiting) for sku, look in seen.items()} == {
        "a": (True, False, None),
        "b": (True, False, "offer"),
        "c": (False, True, None),
        "d": (False, False, "document"),  # re-created: the old content is not shown
        "e": (False, False, "document"),
        "f": (True, False, "offer"),
    }
    assert (seen["d"].content_order, seen["d"].offer_order) == (Order(1, 1), Order(1, 7))
    assert one.view.counts.held_offers == 2


def test_a_product_without_an_offer_is_shown_without_a_price_and_is_not_in_stock() -> None:
    one = shard()
    apply(logged("documents", [document("a", 1)]), one)
    (hit,) = hits(one.view, one.view.search(unit(1), 5, Filters()).found)
    assert hit.offer is None and hit.offer_order is None and not hit.in_stock
    assert one.view.search(None, 5, Filters(in_stock=True)).matching == 0
    assert one.view.search(None, 5, Filters(in_stock=False)).matching == 1


def test_times_of_a_record_are_known_once_it_is_searchable() -> None:
    one = shard()
    apply(logged("documents", [document("a", 4)], time_ms=900), one)
    apply(logged("documents", [document("a", 4)], start=1, time_ms=950), one)
    assert one.times.of("documents", pack(Order(1, 4))) == Moment(900, 1_000)
    assert one.times.of("offers", pack(Order(1, 4))) is None


def test_the_first_time_counts() -> None:
    times = Times()
    times.note("offers", 3, Moment(10, 20))
    times.note("offers", 3, Moment(30, 40))
    assert times.of("offers", 3) == Moment(10, 20)


def test_times_keep_the_last_ones() -> None:
    times = Times()
    for order in range(TIMES_MAX):
        times.note("offers", order, Moment(order, 0))
    assert times.of("offers", 0) == Moment(0, 0)
    times.note("offers", TIMES_MAX, Moment(1, 0))
    assert times.of("offers", 0) is None and times.of("offers", 1) and times.of("offers", TIMES_MAX)


def test_dead_rows_go_with_the_next_merges_and_old_views_keep_theirs() -> None:
    one, skus = shard(pacing=Pacing(head_rows=64, rows_per_s_max=300, exact_max=0)), 1000
    apply(logged("documents", [document(str(i), i, seed=i % 50) for i in range(skus)]), one)
    before = one.view
    nearest = before.search(unit(7), 20, Filters())
    newer = [document(str(i), 10_000 + i, seed=i % 50, of=content("New")) for i in range(skus)]
    apply(logged("documents", newer, start=skus), one)
    dropped = sum(part.store.segment.dropped for part in one.view.vectors.parts if part.store.segment)
    rows = sum(part.count for part in one.view.vectors.parts)
    assert rows - dropped < 1.25 * skus and rows < 1.75 * skus
    assert one.view.search(unit(7), 20, Filters()).found == nearest.found == before.search(unit(7), 20, Filters()).found
    assert {hit.content.title for hit in hits(before, nearest.found)} == {"Lamp"}
    assert {hit.content.title for hit in hits(one.view, nearest.found)} == {"New"}
    assert one.view.scrub() and before.scrub()


def test_a_batch_copies_only_the_chunks_it_touches() -> None:
    one = shard(pacing=Pacing())
    apply(logged("documents", [document(str(i), i) for i in range(2 * CHUNK_ROWS)]), one)
    before = one.view.columns
    apply(logged("offers", [offer("0", 1)]), one)
    after = one.view.columns
    same = {
        name: [a is b for a, b in zip(before.chunks[name], after.chunks[name], strict=True)] for name in after.chunks
    }
    assert same["price"] == [False, True] and same["row"] == [True, True]
