"""Which answers of a span of time are made again: those that can be, or a sample of them that is the same each time."""

from collections import Counter
from collections.abc import Iterable, Iterator
from heapq import nsmallest
from typing import Final, NamedTuple

import xxhash

from schemas.served import Served

ANSWERS_MAX: Final = 10_000
"""Of one slice: their records, 16 KB each, and what came of them are in memory."""
BEFORE: Final = "it was logged in full, but before records held what a replay needs"


class Slice(NamedTuple):
    drawn: list[bytes]
    """As they are logged: read, a record takes ten times as much memory."""
    replayable: int
    """So many there are, drawn or not."""
    others: Counter[str]
    """How many cannot be made again, by reason."""


def slice_of(records: Iterable[Served], sample: int = ANSWERS_MAX) -> Slice:
    """At most `sample`, drawn by their ids: the same for the same answers."""
    others, count = Counter[str](), 0

    def replayable() -> Iterator[tuple[int, bytes]]:
        nonlocal count
        for record in records:
            if why := why_not(record):
                others[why] += 1
            else:
                count += 1
                yield xxhash.xxh3_64_intdigest(record.request_id.encode()), record.encode()

    drawn = nsmallest(sample, replayable())
    return Slice([encoded for _, encoded in drawn], count, others)


def why_not(record: Served) -> str:
    """Empty: it can be made again, as far as its record goes."""
    inputs = record.inputs
    return "" if inputs is not None and inputs.heard is not None else record.not_replayable or BEFORE
