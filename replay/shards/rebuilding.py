"""Rebuilds the shards that answers saw: each in a folder of its own, from what is nearest before them."""

import base64
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import numpy as np

from agents.asked import Pinned
from index_snapshots.manifest import Origin
from index_snapshots.protocol import Offsets, Topic
from replay.log import Log
from replay.shards.bases import Base, nearest, of_partition
from replay.shards.rebuilt import Place, RebuiltShard, log_is_whole
from replay.shards.stops import Stop, Way, first_of, ways
from schemas.errors import StateRefused
from schemas.facets import parse_facets
from schemas.records import DocumentRecord, decode
from schemas.topics import REPLAY_HORIZON_MS
from streams.topics import Cluster

SHARDS_MAX: Final = 32
"""That are rebuilt side by side: each takes the memory of a live one."""


class Shard(NamedTuple):
    """Of which shard a state is."""

    partition: int
    lineage: str
    facets: tuple[str, ...] = ()
    """Attributes that were declared (`schemas.facets`)."""


class Led(NamedTuple):
    """Where a way leads to."""

    way: Way
    stops: set[Stop]


class Planned(NamedTuple):
    """How the states of one shard are come to, before any is rebuilt."""

    shard: Shard
    asked: Sequence[Stop]
    ways: list[list[Stop]]
    refused: dict[Stop, str]


@dataclass(frozen=True)
class Ways:
    """The ways to the stops of one shard, and why there is none to the others."""

    led: list[Led]
    refused: dict[Stop, str]

    def take(self, stop: Stop) -> tuple[Pinned, str]:
        """The state, and from what its shard was rebuilt. Raises StateRefused where no way leads there."""
        if stop in self.refused:
            raise StateRefused(self.refused[stop])
        way = next(one.way for one in self.led if stop in one.stops)
        return way.take(stop), way.shard.where


@dataclass(frozen=True)
class Rebuilding:
    """What there is to rebuild shards from, and where."""

    bases: Sequence[Base]
    cluster: Cluster
    generation: int
    place: Place
    """`folder`: below it each shard gets its own."""
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def open(self, shard: Shard, begin: Offsets, closing: ExitStack) -> RebuiltShard:
        """A shard at or before `begin`, by a snapshot of its lineage; else by the whole log; else by a snapshot of
        another lineage, which `RebuiltShard.lineage` tells. Raises StateRefused where none leads there."""
        partition = shard.partition
        base = nearest(self.bases, partition, begin, shard.lineage)
        origin = base.origin if base is not None else self.from_log(partition)
        if base is None and origin is None:
            base = nearest(self.bases, partition, begin, None)
            origin = base.origin if base is not None else None
        if origin is None:
            raise StateRefused(self.too_old(partition, begin), hint="docs/replay.md, What can be replayed from when")
        name = f"{partition}-{next(self._numbers)}"
        place = replace(self.place, folder=self.place.folder / name, facets=parse_facets(shard.facets))
        made = RebuiltShard(place, base, origin, shard.lineage)
        closing.callback(made.close)
        return made

    def ways(self, asked: Mapping[Shard, Iterable[Stop]], closing: ExitStack) -> dict[Shard, Ways]:
        """To the stops of each shard, each as often as it will be asked for. Raises StateRefused for too many ways."""
        planned = [self._planned(shard, list(stops)) for shard, stops in asked.items()]
        if (count := sum(len(one.ways) for one in planned)) > SHARDS_MAX:
            raise StateRefused(
                f"{count} shards would be rebuilt side by side, each as large as a live one; at most {SHARDS_MAX} are",
                hint="a shorter span, or a smaller sample, needs fewer",
            )
        return {one.shard: self._opened(one, closing) for one in planned}

    def _planned(self, shard: Shard, asked: Sequence[Stop]) -> Planned:
        whole = self.from_log(shard.partition) is not None
        refused = {
            stop: self.too_old(shard.partition, first_of([stop]))
            for stop in set(asked)
            if not whole and nearest(self.bases, shard.partition, first_of([stop]), None) is None
        }
        return Planned(shard, asked, ways(stop for stop in asked if stop not in refused), refused)

    def _opened(self, planned: Planned, closing: ExitStack) -> Ways:
        led, refused = [], dict(planned.refused)
        for way in planned.ways:
            stops = set(way)
            try:
                rebuilt = self.open(planned.shard, first_of(way), closing)
            except StateRefused as error:
                refused |= dict.fromkeys(stops, error.message)
            else:
                led.append(Led(Way(rebuilt, [stop for stop in planned.asked if stop in stops]), stops))
        return Ways(led, refused)

    def oldest(self, partition: int) -> str:
        """From when on states of a partition can be rebuilt, in words."""
        if self.from_log(partition) is not None:
            return "the beginning of the log"
        bases = of_partition(self.bases, partition)
        if not bases:
            return "nothing: there is no snapshot, and the log is compacted"
        offsets = bases[0].offsets
        return f"documents {offsets.documents:,}, offers {offsets.offers:,}: its oldest snapshot, in {bases[0].where}"

    def too_old(self, partition: int, begin: Offsets) -> str:
        """Why a state cannot be rebuilt, and from when on others can."""
        return (
            f"partition {partition} at documents {begin.documents:,}, offers {begin.offers:,} cannot be rebuilt any "
            f"more: what there is begins at {self.oldest(partition)}"
        )

    def from_log(self, partition: int) -> Origin | None:
        """What the whole log is of; None: it is not whole any more, or holds no document yet."""
        log, names = self.place.open_log(), self.place.names
        if not log_is_whole(log, names, partition, self.place.now_ms(), REPLAY_HORIZON_MS):
            return None
        return origin_of(log, names["documents"], partition, self.generation, self.cluster)


def origin_of(log: Log, name: str, partition: int, generation: int, cluster: Cluster) -> Origin | None:
    """By the first document that has a vector."""
    begin, end = log.begin_end(name, partition)
    for records in log.read(name, partition, begin, end, batch=100):
        for record in records:
            document = decode(DocumentRecord, record.value) if record.value else None
            if document is not None and document.vector is not None:
                dim = len(np.frombuffer(base64.b64decode(document.vector), "<f2"))
                ids: dict[str, str] = {base: cluster.topic_ids[base] for base in ("documents", "offers")}
                return Origin(
                    partition=partition,
                    generation=generation,
                    cluster_id=cluster.cluster_id,
                    topic_ids=ids,
                    encoder=document.encoder or "",
                    dim=dim,
                )
    return None


def names_of(name: Callable[[str], str]) -> dict[Topic, str]:
    return {"documents": name("documents"), "offers": name("offers")}
