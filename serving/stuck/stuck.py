"""Finds the stuck products of a shop: in the log, and by how far each replica is; only when somebody asks."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple, Protocol

from schemas.errors import FreshetError, Unavailable
from schemas.records import Order
from schemas.shards import StateAnswer
from schemas.topics import topic_name
from serving.history import History, LogReader
from serving.lags import LogEnds, read_ends
from serving.shard_answers import SeenAnswer
from serving.stuck.found import InPartition, ReplicaPlace, StuckOne, stuck_in
from serving.stuck.model import StuckReason
from serving.stuck.refused import Refused, RefusedProducts
from serving.stuck.waiting import Before, before_step

LOG_TIMEOUT_S: Final = 30.0
SHARD_TIMEOUT_S: Final = 2.0
KEPT_S: Final = 1.0
"""What was found is told again for so long: the pages of a list are asked for one after the other."""
SEEN_MAX: Final = 500
"""Products that a shard is asked about at once."""
Key = tuple[StuckReason, str]
"""(reason, code)."""


class AskedShards(Protocol):
    """`serving.shards.Shards`."""

    def replicas_of(self, partition: int) -> dict[str, str]: ...

    def taken_out(self, partition: int) -> frozenset[str]: ...

    async def state_of(self, address: str, timeout_s: float) -> StateAnswer: ...

    async def seen(self, partition: int, events: list[tuple[str, Order]], timeout_s: float) -> SeenAnswer: ...


class StuckFound(NamedTuple):
    products: list[StuckOne]
    """Oldest first."""
    counts: Mapping[Key, int]
    oldest_ms: Mapping[Key, int]
    unread: int
    complete: bool
    degraded: list[str]


class _Read(NamedTuple):
    """What the log says, before the replicas are asked."""

    ends: list[LogEnds]
    undecided: list[Before]
    contents: list[Before]
    unread: int


class StuckProducts:
    """For one event loop. One question at a time: the others get its answer."""

    def __init__(
        self, history: History, shards: AskedShards, generation: int, partitions: int, clock: Callable[[], float]
    ) -> None:
        self._history = history
        self._shards = shards
        self._generation = generation
        self._partitions = partitions
        self._clock = clock
        self._refused = RefusedProducts(generation, partitions)
        self._asking = asyncio.Lock()
        self._last: tuple[float, StuckFound] | None = None

    async def find(self) -> StuckFound:
        """Raises Unavailable."""
        async with self._asking:
            if self._last is None or self._clock() - self._last[0] > KEPT_S or self._last[1].unread:
                found = await self._find()
                self._last = (self._clock(), found)
            return self._last[1]

    async def _find(self) -> StuckFound:
        read = await self._history.ask(self._read_log, LOG_TIMEOUT_S)
        places = await asyncio.gather(*map(self._places, range(self._partitions)))
        lows = [_low(one, end) for one, end in zip(places, read.ends, strict=True)]
        applied = await self._history.ask(lambda reader: self._read_derived(reader, lows, read.ends), LOG_TIMEOUT_S)
        await self._confirm_unusable(read.contents)
        return await asyncio.to_thread(self._all, read, places, applied)

    def _read_log(self, reader: LogReader) -> _Read:
        """How far each step is comes first: what is done meanwhile is found by the one after it."""
        ends = read_ends(reader, self._generation, self._partitions)
        unread = self._refused.read_on(reader)
        undecided = [
            self._before(reader, "catalog", nth, end.catalog_done, end.catalog) for nth, end in enumerate(ends)
        ]
        contents = [
            self._before(reader, "contents", nth, end.contents_done, end.contents) for nth, end in enumerate(ends)
        ]
        return _Read(ends, undecided, contents, unread)

    def _read_derived(
        self, reader: LogReader, lows: list[tuple[int, int]], ends: list[LogEnds]
    ) -> list[tuple[Before, Before]]:
        return [
            (
                self._before(reader, "documents", nth, documents, end.documents),
                self._before(reader, "offers", nth, offers, end.offers),
            )
            for nth, ((documents, offers), end) in enumerate(zip(lows, ends, strict=True))
        ]

    def _before(self, reader: LogReader, base: str, partition: int, low: int, high: int) -> Before:
        topic = topic_name(base, self._generation)
        begin, _ = reader.begin_end(topic, partition)
        return before_step(reader, topic, self._generation, partition, max(begin, low), high)

    async def _places(self, partition: int) -> list[ReplicaPlace]:
        """Of those that answer."""
        addresses, out = self._shards.replicas_of(partition), self._shards.taken_out(partition)

        async def ask(name: str, address: str) -> list[ReplicaPlace]:
            try:
                answer = await self._shards.state_of(address, SHARD_TIMEOUT_S)
            except Unavailable:
                return []
            states = [one.state for one in answer.shards if one.state.partition == partition]
            return [ReplicaPlace(state.documents_offset, state.offers_offset, name in out) for state in states]

        found = await asyncio.gather(*(ask(name, address) for name, address in addresses.items()))
        return [place for places in found for place in places]

    async def _confirm_unusable(self, contents: list[Before]) -> None:
        """The encoder's refusals come later than the decisions: what was accepted before is told by a shard."""
        by_partition: dict[int, list[tuple[str, Order]]] = {}
        for sku, one in self._refused.by_embed().items():
            if sku not in contents[one.event.partition].products:
                by_partition.setdefault(one.event.partition, []).append((sku, one.event.order))
        for partition, asked in by_partition.items():
            for start in range(0, len(asked), SEEN_MAX):
                part = asked[start : start + SEEN_MAX]
                try:
                    answer = await self._shards.seen(partition, part, SHARD_TIMEOUT_S)
                except FreshetError:
                    break
                for (sku, order), seen in zip(part, answer.seen, strict=True):
                    newer_content = seen.content_order is not None and seen.content_order > order
                    deleted = seen.live_since is None and seen.offer_order is not None and seen.offer_order > order
                    if newer_content or deleted:
                        self._refused.drop(sku)

    def _all(self, read: _Read, places: list[list[ReplicaPlace]], applied: list[tuple[Before, Before]]) -> StuckFound:
        by_catalog, by_embed = _by_partition(self._refused.by_catalog()), _by_partition(self._refused.by_embed())
        products: list[StuckOne] = []
        for nth, (documents, offers) in enumerate(applied):
            known = InPartition(
                nth,
                read.undecided[nth].products,
                by_catalog.get(nth, {}),
                read.contents[nth].products,
                by_embed.get(nth, {}),
                documents.products,
                offers.products,
                places[nth],
            )
            products += stuck_in(known)
        products.sort()
        scanned = [*read.undecided, *read.contents, *(one for two in applied for one in two)]
        return StuckFound(
            products,
            Counter((one.reason, one.code) for one in products),
            _oldest(products),
            read.unread,
            not read.unread and not self._refused.forgotten and all(one.complete for one in scanned),
            [f"shard-{nth}" for nth, one in enumerate(places) if not one],
        )


def _low(places: Iterable[ReplicaPlace], end: LogEnds) -> tuple[int, int]:
    """From where on some replica has something before it, in documents and in offers."""
    documents = min((place.documents for place in places), default=end.documents)
    return documents, min((place.offers for place in places), default=end.offers)


def _by_partition(refused: Mapping[str, Refused]) -> dict[int, dict[str, Refused]]:
    found: dict[int, dict[str, Refused]] = {}
    for sku, one in refused.items():
        found.setdefault(one.event.partition, {})[sku] = one
    return found


def _oldest(products: list[StuckOne]) -> dict[Key, int]:
    found: dict[Key, int] = {}
    for one in products:
        found.setdefault((one.reason, one.code), one.since_ms)
    return found
