"""Which replicas must not answer: those whose state is known to be wrong, while a sound one is there."""

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Literal

from index_snapshots.differing import Difference
from schemas.digests import Digest
from schemas.shards import ShardOnProcess
from schemas.strict import Strict

Place = tuple[int, int]
"""(partition, replica)."""


class Faulty(Strict):
    """A replica that does not hold what the log says."""

    partition: int
    replica: int
    why: Literal["damaged", "alone"]
    """`damaged`: its own scrub says so; `alone`: most replicas hold something else."""
    digests: list[Digest]
    bucket: int | None = None
    """The first of 256 buckets of products, by hash of the SKU, in which it differs from a sound replica; null: not
    known (yet)."""
    out: bool
    """Whether it answers nothing; false where no sound replica is there to answer for it."""


def faulty(replicas: Mapping[Place, ShardOnProcess], found: Sequence[Difference]) -> list[Faulty]:
    """Of two replicas that differ only a scrub tells which one is wrong; while none does, neither is faulty."""
    wrong: dict[Place, tuple[Literal["damaged", "alone"], list[Digest]]] = {}
    for place, replica in replicas.items():
        if replica.scrub is not None and replica.scrub.differing:
            wrong[place] = ("damaged", replica.scrub.differing)
    for one in found:
        for number in _alone(one.replicas):
            place = one.partition, number
            why, digests = wrong.get(place, ("alone", []))
            wrong[place] = (why, digests if one.digest in digests else [*digests, one.digest])
    sound = {place[0] for place, replica in replicas.items() if replica.ready and place not in wrong}
    return [
        Faulty(partition=place[0], replica=place[1], why=why, digests=digests, out=place[0] in sound)
        for place, (why, digests) in sorted(wrong.items())
    ]


def undecided(found: Iterable[Difference], known: Iterable[Faulty]) -> list[Difference]:
    """Differences for which no replica is known to be at fault."""
    places = {(one.partition, one.replica) for one in known}
    return [
        one
        for one in found
        if not any((one.partition, number) in places for numbers in one.replicas.values() for number in numbers)
    ]


def out_of(known: Iterable[Faulty]) -> Set[Place]:
    return frozenset((one.partition, one.replica) for one in known if one.out)


def _alone(replicas: Mapping[str, Sequence[int]]) -> list[int]:
    """Numbers of those that a strict majority contradicts."""
    total = sum(map(len, replicas.values()))
    if not any(2 * len(numbers) > total for numbers in replicas.values()):
        return []
    return [number for numbers in replicas.values() if 2 * len(numbers) <= total for number in numbers]
