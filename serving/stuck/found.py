"""Which products are stuck, and in what: the newest thing that is known of each decides. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import NamedTuple, TypeVar

from serving.stuck.model import StuckReason
from serving.stuck.refused import Refused
from serving.stuck.waiting import Waits

T = TypeVar("T")


class StuckOne(NamedTuple):
    """Compared by age, then by SKU."""

    since_ms: int
    sku: str
    partition: int
    reason: StuckReason
    code: str
    event: str


class ReplicaPlace(NamedTuple):
    """How far one replica that answers is, as the next offset of each topic."""

    documents: int
    offers: int
    out: bool
    """It was taken out: it answers no searches."""


class InPartition(NamedTuple):
    """What is known of one partition, by SKU."""

    partition: int
    undecided: Mapping[str, Waits]
    refused: Mapping[str, Refused]
    """By `catalog`."""
    contents: Mapping[str, Waits]
    """Before the encoder."""
    unusable: Mapping[str, Refused]
    """Refused by the encoder."""
    documents: Mapping[str, Waits]
    offers: Mapping[str, Waits]
    """Before some replica."""
    replicas: Iterable[ReplicaPlace]


def stuck_in(known: InPartition) -> Iterator[StuckOne]:
    """Each product once."""
    told: set[str] = set()
    for one in _each(known):
        if one.sku not in told:
            told.add(one.sku)
            yield one


def _each(known: InPartition) -> Iterator[StuckOne]:
    """The first of a product counts: what came last is what its merchant waits for."""
    yield from _waiting(known.partition, "decision", known.undecided)
    yield from _refused(known.partition, known.refused)
    yield from _waiting(known.partition, "encoder", known.contents)
    yield from _refused(known.partition, known.unusable)
    replicas = list(known.replicas)
    for sku in known.documents.keys() | known.offers.keys():
        waits = [(known.documents.get(sku), "documents"), (known.offers.get(sku), "offers")]
        missing = {nth for nth, replica in enumerate(replicas) if _misses(replica, waits)}
        out = {nth for nth, replica in enumerate(replicas) if replica.out}
        reason = where(set(range(len(replicas))), missing, out)
        if reason is not None:
            newest = max(one for one, _ in waits if one is not None)
            since_ms = min(one.since_ms for one, _ in waits if one is not None)
            yield StuckOne(since_ms, sku, known.partition, reason, "", str(newest.event))


def where(replicas: Set[T], missing: Set[T], out: Set[T]) -> StuckReason | None:
    """Of the replicas that answer, `missing` do not have it and `out` were taken out. None: it is shown."""
    serving = replicas - out
    if not serving or not missing & serving:
        return None
    if serving - missing:
        return "behind"
    return "taken_out" if replicas & out - missing else "shard"


def _misses(replica: ReplicaPlace, waits: Iterable[tuple[Waits | None, str]]) -> bool:
    return any(one is not None and one.offset >= getattr(replica, topic) for one, topic in waits)


def _waiting(partition: int, reason: StuckReason, waits: Mapping[str, Waits]) -> Iterator[StuckOne]:
    for sku, one in waits.items():
        yield StuckOne(one.since_ms, sku, partition, reason, "", str(one.event))


def _refused(partition: int, refused: Mapping[str, Refused]) -> Iterator[StuckOne]:
    for sku, one in refused.items():
        yield StuckOne(one.at_ms, sku, partition, "dead-lettered", one.reason, str(one.event))
