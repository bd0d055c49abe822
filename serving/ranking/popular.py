"""What is popular now, as the session workers have counted it: kept here, so that no search waits for Redis."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from heapq import nsmallest
from typing import Final, Protocol

from schemas.metrics import Metrics
from schemas.popularity import decayed, popularity
from streams.popularity import PopularityStore, Tally

REFRESH_EVERY_S: Final = 5.0


class PopularNow(Protocol):
    """What is popular, as a search may know it."""

    version: int
    """Another one whenever something was counted."""

    def best(self, limit: int) -> list[tuple[str, float]]: ...
    def first(self, limit: int) -> Sequence[str]: ...
    def of(self, skus: Iterable[str]) -> list[float]: ...
    async def refresh(self) -> None: ...


class Popular:
    """Counts of all partitions together, as of the last refresh; without Redis those of before."""

    def __init__(self, store: PopularityStore, partitions: int, now_ms: Callable[[], int], metrics: Metrics) -> None:
        self._store = store
        self._partitions = partitions
        self._now_ms = now_ms
        self._products = metrics.gauge("freshet_popular_products")
        self._tallies: dict[int, Tally] = {}
        self.version = 0
        """Another one whenever something was counted."""
        self._counts: Mapping[str, float] = {}
        self._most = 0.0
        self._sorted: list[str] | None = None
        """Once it was asked for: it stays until something is counted, since time takes the same share from all."""

    async def refresh(self) -> None:
        """Raises Unavailable. A partition that is not kept (any more) counts as it did: the worker saves it again."""
        before = self.version
        for partition in range(self._partitions):
            tally = await self._store.read(partition)
            if tally is not None:
                self.version += tally != self._tallies.get(partition)
                self._tallies[partition] = tally
        now_ms = self._now_ms()
        counts: dict[str, float] = {}
        for tally in self._tallies.values():
            for sku, total in tally.counts.items():
                counts[sku] = counts.get(sku, 0.0) + decayed(total, tally.landmark_ms, now_ms)
        self._counts, self._most = counts, max(counts.values(), default=0.0)
        self._sorted = self._sorted if self.version == before else None
        self._products.set(len(counts))

    def best(self, limit: int) -> list[tuple[str, float]]:
        """The most popular products with how popular they are, best first, ties by SKU."""
        ranked = nsmallest(limit, ((-count, sku) for sku, count in self._counts.items() if count > 0))
        skus = [sku for _, sku in ranked]
        return list(zip(skus, self.of(skus), strict=True))

    def first(self, limit: int) -> Sequence[str]:
        """The SKUs of the most popular products, best first, ties by SKU."""
        if self._sorted is None:
            counted = sorted((-count, sku) for sku, count in self._counts.items() if count > 0)
            self._sorted = [sku for _, sku in counted]
        return self._sorted[:limit]

    def of(self, skus: Iterable[str]) -> list[float]:
        """0..1 each."""
        counts = map(self._counts.get, skus)
        return [popularity(count, self._most) if count else 0.0 for count in counts]
