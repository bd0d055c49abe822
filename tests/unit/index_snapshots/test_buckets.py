"""Buckets add up to the digest, do not depend on the order of arrival, and name the part that differs."""

from index_snapshots.apply import apply
from index_snapshots.buckets import BUCKETS, CHUNK_SLOTS, Buckets, bucket_of
from index_snapshots.digests import MODULUS, hexadecimal
from index_snapshots.protocol import Topic
from index_snapshots.view import ShardView
from tests.unit.index_snapshots.making import document, logged, offer, shard

SKUS = CHUNK_SLOTS + 5


def view(backwards: bool = False) -> ShardView:
    one = shard()
    order = range(SKUS)[:: -1 if backwards else 1]
    apply(logged("documents", [document(f"sku-{i}", i, seed=i) for i in order]), one)
    apply(logged("offers", [offer(f"sku-{i}", i, price=1.0 + i) for i in order]), one)
    return one.view


def digests(of: ShardView, topic: Topic) -> list[str]:
    buckets = Buckets(of, topic)
    assert list(buckets) == [CHUNK_SLOTS, SKUS]
    return buckets.digests


def test_they_add_up_to_the_digest_in_whatever_order_products_came() -> None:
    one, other = view(), view(backwards=True)
    for topic, whole in (("documents", one.digest_documents), ("offers", one.digest_offers)):
        found = digests(one, topic)  # type: ignore[arg-type]
        assert len(found) == BUCKETS and digests(other, topic) == found  # type: ignore[arg-type]
        assert hexadecimal(sum(int(digest, 16) for digest in found) % MODULUS) == whole


def test_what_has_changed_differs_in_its_bucket_alone() -> None:
    whole, damaged = view(), view()
    bodies = damaged.bodies.branches[0][0]
    bodies[7] = (bodies[7] or b"").replace(b"Lamp", b"Lamq")
    mine, theirs = digests(whole, "documents"), digests(damaged, "documents")
    assert [at for at in range(BUCKETS) if mine[at] != theirs[at]] == [bucket_of("sku-7")]
    assert digests(whole, "offers") == digests(damaged, "offers")


def test_what_cannot_be_read_differs_too() -> None:
    whole, damaged = view(), view()
    damaged.bodies.branches[0][0][7] = None
    mine, theirs = digests(whole, "documents"), digests(damaged, "documents")
    assert [at for at in range(BUCKETS) if mine[at] != theirs[at]] == [bucket_of("sku-7")]
