"""Vectors of products by SKU, from the shards that own them, through a bounded memory that forgets."""

import asyncio
import base64
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple

from schemas.errors import Unavailable
from schemas.limits import VECTOR_SKUS_MAX
from schemas.metrics import Metrics
from schemas.shard_messages import VectorsAnswer
from streams.partitioner import partition_of

ITEMS_MAX = 20_000
"""About 20 MB at 384 dimensions."""
KEPT_S = 15.0
"""A product's content changes, so its vector is asked for again after so long."""
ABSENT_KEPT_S = 1.0
"""So is a product that is not there: it may be on its way."""

Ask = Callable[[int, list[str], float], Awaitable[VectorsAnswer]]
"""Asks the shard of a partition for the vectors of SKUs, within seconds. Raises Unavailable."""


class _Kept(NamedTuple):
    asked_s: float
    encoder: str
    fp16: bytes | None


class ItemVectors(NamedTuple):
    """`vectors` by SKU, little-endian fp16, of one encoder; what is not shown is missing."""

    encoder: str
    vectors: dict[str, bytes]
    age_s: float
    """Of the oldest of them."""


class ItemMemory:
    """For one event loop."""

    def __init__(
        self,
        ask: Ask,
        partitions: int,
        metrics: Metrics,
        clock: Callable[[], float],
        items_max: int = ITEMS_MAX,
        kept_s: float = KEPT_S,
    ) -> None:
        self._ask = ask
        self._partitions = partitions
        self._count = metrics.counter("freshet_item_vectors_total")
        self._clock = clock
        self._items_max = items_max
        self._kept_s = kept_s
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def of(self, skus: Iterable[str], timeout_s: float) -> ItemVectors:
        """Raises Unavailable when a shard does not answer in time, or shards hold vectors of different encoders."""
        wanted = list(dict.fromkeys(skus))
        known = {sku: kept for sku in wanted if (kept := self._fresh(sku))}
        missing = [sku for sku in wanted if sku not in known]
        self._count.labels(result="memory").inc(len(known))
        if missing:
            known |= await self._fetch(missing, timeout_s)
        there = {sku: kept for sku, kept in known.items() if kept.fp16 is not None}
        encoders = {kept.encoder for kept in there.values()}
        if len(encoders) > 1:
            raise Unavailable(f"the shards hold vectors of {', '.join(sorted(encoders))}")
        age_s = self._clock() - min((kept.asked_s for kept in there.values()), default=self._clock())
        vectors = {sku: kept.fp16 for sku, kept in there.items() if kept.fp16 is not None}
        return ItemVectors(next(iter(encoders), ""), vectors, age_s)

    def _fresh(self, sku: str) -> _Kept | None:
        kept = self._kept.get(sku)
        if kept is None:
            return None
        if self._clock() - kept.asked_s >= (ABSENT_KEPT_S if kept.fp16 is None else self._kept_s):
            del self._kept[sku]
            return None
        self._kept.move_to_end(sku)
        return kept

    async def _fetch(self, skus: list[str], timeout_s: float) -> dict[str, _Kept]:
        asked_s = self._clock()
        by_partition: dict[int, list[str]] = {}
        for sku in skus:
            by_partition.setdefault(partition_of(sku.encode(), self._partitions), []).append(sku)
        questions = [
            (partition, part[start : start + VECTOR_SKUS_MAX])
            for partition, part in by_partition.items()
            for start in range(0, len(part), VECTOR_SKUS_MAX)
        ]
        asking = (self._ask(partition, part, timeout_s) for partition, part in questions)
        answers = await asyncio.gather(*asking, return_exceptions=True)  # so that none is left running
        found: dict[str, _Kept] = {}
        for (_, part), answer in zip(questions, answers, strict=True):
            if isinstance(answer, BaseException):
                raise answer
            for sku in part:
                text = answer.vectors.get(sku)
                found[sku] = _Kept(asked_s, answer.encoder, base64.b64decode(text) if text else None)
        absent = sum(kept.fp16 is None for kept in found.values())
        self._count.labels(result="absent").inc(absent)
        self._count.labels(result="shard").inc(len(found) - absent)
        self._kept |= found
        while len(self._kept) > self._items_max:
            self._kept.popitem(last=False)
        return found
