"""Where replicas that read one log do not hold the same: compared only where they stand for the same records."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from schemas.digests import Digest
from schemas.shards import ShardOnProcess
from schemas.strict import Strict


class Difference(Strict):
    """Replicas have different digests at one offset. It should never happen."""

    partition: int
    digest: Digest
    offset: int
    """Next offset of the topic (of `documents` for `structure`): the first common point where they differ."""
    replicas: dict[str, list[int]]
    """Numbers of the replicas by what they have, 32 hex digits each."""
    bucket: int | None = None
    """The first of 256 buckets of products, by hash of the SKU, in which two of them differ; null: not known (yet)."""


class _Point(NamedTuple):
    """Two states at one point hold the same records, so they must be the same."""

    partition: int
    lineage: str
    """Empty for what must be the same in all lineages."""
    digest: Digest
    offset: int


def differences(replicas: Iterable[ShardOnProcess]) -> list[Difference]:
    """By partition and digest the first common point where replicas differ; what only one has is no difference."""
    found: defaultdict[_Point, dict[str, set[int]]] = defaultdict(dict)
    for replica in replicas:
        for point, value in _points(replica):
            found[point].setdefault(value, set()).add(replica.state.replica)
    first: dict[tuple[int, Digest], Difference] = {}
    for point, values in sorted(found.items(), key=_offset):
        place = point.partition, point.digest
        if len(values) > 1 and place not in first:
            numbers = {value: sorted(who) for value, who in sorted(values.items())}
            first[place] = Difference(
                partition=point.partition, digest=point.digest, offset=point.offset, replicas=numbers
            )
    return list(first.values())


def _offset(found: tuple[_Point, dict[str, set[int]]]) -> tuple[int, str, int]:
    return found[0].partition, found[0].digest, found[0].offset


def _points(replica: ShardOnProcess) -> Iterator[tuple[_Point, str]]:
    """The checkpoints, and where the replica stands now. Products and offers are the same in all lineages, once their
    replica has caught up with the log."""
    state, kept = replica.state, replica.checkpoints
    at: list[tuple[Digest, int, str]] = [
        *(("documents", point.offset, point.digest) for point in kept.documents),
        *(("structure", point.offset, point.structure) for point in kept.documents),
        *(("offers", point.offset, point.digest) for point in kept.offers),
        ("documents", state.documents_offset, replica.digest_documents),
        ("offers", state.offers_offset, replica.digest_offers),
    ]
    for digest, offset, value in at:
        if value and digest != "structure" and replica.live_from and offset >= getattr(replica.live_from, digest):
            yield _Point(state.partition, "", digest, offset), value
        if value:
            yield _Point(state.partition, state.lineage, digest, offset), value
