"""Which answers of a span of time are made again: those that can be, or a sample of them that is the same each time."""

import zlib
from collections import Counter
from collections.abc import Iterable
from heapq import heappop, heappush
from typing import Final, NamedTuple

import xxhash

from schemas.records import decode
from schemas.served import Served

ANSWERS_MAX: Final = 10_000
"""Of one slice: their records, packed, and what came of them are in memory."""
BYTES_MAX: Final = 200_000_000
"""Of these records, packed: 4 to 8 KB each."""
PACKED_LEVEL: Final = 1
BEFORE: Final = "it was logged in full, but before records held what a replay needs"


class Slice(NamedTuple):
    drawn: list[bytes]
    """Packed."""
    replayable: int
    """So many there are, drawn or not."""
    others: Counter[str]
    """How many cannot be made again, by reason."""


def slice_of(records: Iterable[Served], sample: int = ANSWERS_MAX, bytes_max: int = BYTES_MAX) -> Slice:
    """At most `sample`, and `bytes_max`, drawn by their ids: the same for the same answers."""
    others, count, drawn = Counter[str](), 0, _Drawn(sample, bytes_max)
    for record in records:
        if why := why_not(record):
            others[why] += 1
        else:
            count += 1
            drawn.add(xxhash.xxh3_64_intdigest(record.request_id.encode()), record)
    return Slice(drawn.records(), count, others)


class _Drawn:
    """Those with the least numbers, as many as there is room for."""

    def __init__(self, count_max: int, bytes_max: int) -> None:
        self._count_max, self._bytes_max = count_max, bytes_max
        self._heap: list[tuple[int, bytes]] = []
        """The greatest number first."""
        self._bytes = 0
        self._below = 1 << 64
        """What had no room any more: from there on there is none for anything."""

    def add(self, number: int, record: Served) -> None:
        if number >= self._below:
            return
        heappush(self._heap, (-number, one := packed(record)))
        self._bytes += len(one)
        while len(self._heap) > self._count_max or self._bytes > self._bytes_max:
            left, without = heappop(self._heap)
            self._bytes -= len(without)
            self._below = -left

    def records(self) -> list[bytes]:
        """The least number first."""
        return [one for _, one in sorted(self._heap, reverse=True)]


def packed(record: Served) -> bytes:
    """A quarter of what is logged, which is a tenth of a record that was read."""
    return zlib.compress(record.encode(), PACKED_LEVEL)


def unpacked(one: bytes) -> Served:
    return decode(Served, zlib.decompress(one))


def why_not(record: Served) -> str:
    """Empty: it can be made again, as far as its record goes."""
    inputs = record.inputs
    return "" if inputs is not None and inputs.heard is not None else record.not_replayable or BEFORE
