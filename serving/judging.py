"""Compares the replicas as they report themselves, says once and loudly which are faulty, and finds out where."""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from typing import Any, Final

from index_snapshots.differing import Difference, differences
from index_snapshots.faulty import Faulty, Place, faulty, undecided
from schemas.digests import Digest
from schemas.shards import ShardOnProcess
from serving.examining import Examine
from serving.logs import Log

AGAIN_S: Final = 1.0
"""Where no bucket was found the replicas are compared again after so long, then after twice that, and so on: while
events stream they may never have stood at the same record, and one that was held to be sound may not be."""
AGAIN_S_MAX: Final = 64.0
What = tuple[int, Digest]
"""(partition, digest)."""


class Judge:
    """What is known of wrong replicas. Without `examine` nobody is asked for more than they tell."""

    def __init__(self, examine: Examine | None = None) -> None:
        self.differences: list[Difference] = []
        self.faulty: list[Faulty] = []
        self._examine = examine
        self._buckets: dict[What, int | None] = {}
        """The first bucket that differs; None: asked for, not known yet."""
        self._again_s: dict[What, float] = {}
        self._scrubs_asked: set[What] = set()
        self._asking: set[asyncio.Task[None]] = set()

    def look(self, replicas: Mapping[Place, ShardOnProcess], addresses: Mapping[Place, str], log: Log) -> None:
        """Judges anew; `addresses` of the same replicas. Needs a running loop only to ask for more."""
        found = differences(replicas.values())
        wrong = faulty(replicas, found)
        self._tell(found, wrong, log)
        pairs = _pairs(found, wrong, addresses)
        self._buckets = {what: bucket for what, bucket in self._buckets.items() if what in pairs}
        if self._examine is not None:
            self._ask_for_buckets(self._examine, pairs, log)
            self._ask_for_scrubs(self._examine, undecided(found, wrong), addresses)
        self.differences = [
            one.model_copy(update={"bucket": self._bucket(one.partition, [one.digest])}) for one in found
        ]
        self.faulty = [one.model_copy(update={"bucket": self._bucket(one.partition, one.digests)}) for one in wrong]

    def _bucket(self, partition: int, digests: Iterable[Digest]) -> int | None:
        known = (self._buckets.get((partition, digest)) for digest in digests)
        return next((bucket for bucket in known if bucket is not None), None)

    def _tell(self, found: Iterable[Difference], wrong: Iterable[Faulty], log: Log) -> None:
        known = {(one.partition, one.digest) for one in self.differences}
        for one in found:
            if (one.partition, one.digest) not in known:
                log.error("replicas_differ", **one.model_dump(exclude={"bucket"}))
        before = {(one.partition, one.replica): one for one in self.faulty}
        for bad in wrong:
            was = before.pop((bad.partition, bad.replica), None)
            if was is None or (was.why, was.digests, was.out) != (bad.why, bad.digests, bad.out):
                log.error("replica_faulty", **bad.model_dump(exclude={"bucket"}))
        for partition, replica in before:
            log.info("replica_no_longer_faulty", partition=partition, replica=replica)

    def _ask_for_buckets(self, examine: Examine, pairs: Mapping[What, tuple[str, str]], log: Log) -> None:
        for what, (one, other) in pairs.items():
            if what not in self._buckets:
                self._buckets[what] = None
                self._start(self._find_bucket(examine, what, one, other, log))

    async def _find_bucket(self, examine: Examine, what: What, one: str, other: str, log: Log) -> None:
        bucket = await examine.first_bucket(*what, one, other)
        if bucket is None:
            wait_s = self._again_s.get(what, AGAIN_S)
            self._again_s[what] = min(2 * wait_s, AGAIN_S_MAX)
            await asyncio.sleep(wait_s)
            if self._buckets.get(what, 0) is None:
                del self._buckets[what]  # asked for again by the next look
        elif what in self._buckets:
            self._again_s.pop(what, None)
            self._buckets[what] = bucket
            log.error("first_differing_bucket", partition=what[0], digest=what[1], bucket=bucket)

    def _ask_for_scrubs(
        self, examine: Examine, open_ones: Iterable[Difference], addresses: Mapping[Place, str]
    ) -> None:
        """Where nobody is known to be at fault, those that differ look at themselves now, not in an hour."""
        asked = set()
        for one in open_ones:
            what = one.partition, one.digest
            asked.add(what)
            numbers = [number for group in one.replicas.values() for number in group]
            for number in numbers if what not in self._scrubs_asked else ():
                self._start(examine.scrub(addresses[one.partition, number]))
        self._scrubs_asked = asked

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)


def _pairs(
    found: Iterable[Difference], wrong: Iterable[Faulty], addresses: Mapping[Place, str]
) -> dict[What, tuple[str, str]]:
    """Whom to compare: a faulty replica with a sound one, else two that differ. A structure has no buckets."""
    pairs: dict[What, tuple[str, str]] = {}
    bad = {(one.partition, one.replica) for one in wrong}
    for one in wrong:
        sound = min((place for place in addresses if place[0] == one.partition and place not in bad), default=None)
        for digest in one.digests if sound is not None else ():
            if digest != "structure" and sound is not None:
                pairs[one.partition, digest] = (addresses[one.partition, one.replica], addresses[sound])
    for difference in found:
        what = difference.partition, difference.digest
        (mine, *_), (theirs, *_) = list(difference.replicas.values())[:2]
        if difference.digest != "structure":
            two = (addresses[difference.partition, mine], addresses[difference.partition, theirs])
            pairs.setdefault(what, two)
    return pairs
