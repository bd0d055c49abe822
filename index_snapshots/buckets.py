"""Digests of a view in buckets by hash of the SKU: of two replicas that differ, they tell where to look."""

from collections.abc import Iterator
from typing import Final

import xxhash

from index_snapshots.digests import MODULUS, hexadecimal
from index_snapshots.protocol import Topic
from index_snapshots.view import ShardView

BUCKETS: Final = 256
CHUNK_SLOTS: Final = 64
"""Hashed in one go, about 0.4 ms."""


def bucket_of(sku: str) -> int:
    """The same on every replica, whatever slot the SKU has there."""
    return xxhash.xxh3_64_intdigest(sku.encode()) % BUCKETS


class Buckets:
    """Iterate to do the work, a chunk a step; then `digests` are there."""

    def __init__(self, view: ShardView, topic: Topic) -> None:
        self._view = view
        self._hash_of = view.document_hash if topic == "documents" else view.offer_hash
        self._sums = [0] * BUCKETS

    def __iter__(self) -> Iterator[int]:
        for start in range(0, self._view.slots, CHUNK_SLOTS):
            end = min(start + CHUNK_SLOTS, self._view.slots)
            for slot in range(start, end):
                self._add(slot)
            yield end

    def _add(self, slot: int) -> None:
        self._sums[bucket_of(self._view.words.skus[slot])] += self._digest(slot)

    def _digest(self, slot: int) -> int:
        try:
            return self._hash_of(slot)
        except Exception:  # noqa: BLE001  a changed number may point anywhere: it differs from whatever is right
            return 1

    def rows(self, bucket: int) -> Iterator[tuple[str, int] | None]:
        """SKU and hash of all that one bucket holds; None after each chunk in which nothing more was found."""
        for start in range(0, self._view.slots, CHUNK_SLOTS):
            for slot in range(start, min(start + CHUNK_SLOTS, self._view.slots)):
                sku = self._view.words.skus[slot]
                if bucket_of(sku) == bucket and (digest := self._digest(slot)):
                    yield sku, digest
            yield None

    @property
    def digests(self) -> list[str]:
        """BUCKETS times 32 hex digits; their sum is the view's digest."""
        return [hexadecimal(total % MODULUS) for total in self._sums]
