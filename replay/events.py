"""Events again: those of a span of time, as they were sent, in the order of their time, at a rate or as they came."""

import asyncio
import heapq
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple

from replay.answers.records import Span, bounds
from replay.log import Log
from schemas.errors import InvalidRequest, StateRefused, Unavailable
from schemas.topics import BY_NAME, topic_name
from streams.producer import Position, Sender
from streams.reader import LogRecord
from streams.topics import Place

CATALOG: Final = "catalog"
UNDER_WAY_MAX: Final = 1_000
"""Events that Kafka was given and has not acknowledged."""
Pace = Callable[[int, LogRecord], float]
"""(number from 0, event) -> seconds after the first one when it is due."""


class Part(NamedTuple):
    """Of one partition; its end is that of the beginning: what is written meanwhile is not read again."""

    partition: int
    begin: int
    end: int


def parts_of(log: Log, name: str, partitions: int, span: Span) -> list[Part]:
    """Raises what reading the log raises."""
    return [Part(partition, *bounds(log, name, partition, span)) for partition in range(partitions)]


def events(open_log: Callable[[], Log], name: str, parts: Sequence[Part]) -> Iterator[LogRecord]:
    """Of all partitions by time; within one in the order of the log. Raises what reading the log raises."""
    each = (
        chain.from_iterable(open_log().read(name, part.partition, part.begin, part.end))
        for part in parts
        if part.begin < part.end
    )
    return heapq.merge(*each, key=lambda one: one.timestamp_ms)


class Seen(NamedTuple):
    """What there is to send."""

    events: int
    value_bytes: int
    first_ms: int
    last_ms: int
    skus: int


def seen(found: Iterable[LogRecord]) -> Seen:
    """Zeros: nothing is."""
    keys, value_bytes, first_ms, last_ms = Counter[bytes](), 0, 0, 0
    for one in found:
        keys[one.key or b""] += 1
        value_bytes += len(one.value or b"")
        first_ms, last_ms = first_ms or one.timestamp_ms, one.timestamp_ms
    return Seen(keys.total(), value_bytes, first_ms, last_ms, len(keys))


def check(into: str, place: Place, live: Place, generation: int, yes_into_live: bool) -> None:
    """Raises InvalidRequest for a topic that takes no events, StateRefused for one that is not there, or is live."""
    base = into.partition(".")[0]
    if base in BY_NAME and base != CATALOG:
        raise InvalidRequest("no_events_topic", f"{into} holds what agents derive, not events", hint="into catalog.N")
    if not place.partitions:
        raise StateRefused(
            f"there is no topic {into} in the cluster {place.cluster_id}",
            hint="docs/replay.md, Events again, says how to make those of another generation",
        )
    is_live = place.cluster_id == live.cluster_id and into == topic_name(CATALOG, generation)
    if is_live and not yes_into_live:
        raise StateRefused(
            f"{into} is the topic that the running shop reads: old events would replace what is newer",
            hint="name another topic, or say --yes-into-live",
        )


def at_rate(events_per_s: float) -> Pace:
    return lambda number, event: number / events_per_s


def as_they_came(first_ms: int) -> Pace:
    return lambda number, event: (event.timestamp_ms - first_ms) / 1000


async def send(
    found: Iterable[LogRecord], sender: Sender, into: str, pace: Pace, clock: Callable[[], float]
) -> dict[str, Any]:
    """As they are, each with its key. Raises Unavailable, which says how many Kafka has."""
    begun_s, sent, under_way = clock(), 0, deque[asyncio.Future[Position]]()
    try:
        for number, event in enumerate(found):
            await asyncio.sleep(max(0.0, begun_s + pace(number, event) - clock()))
            under_way.append(sender.send(into, event.key, event.value))
            if len(under_way) >= UNDER_WAY_MAX:
                await under_way.popleft()
                sent += 1
        while under_way:
            await under_way.popleft()
            sent += 1
    except Unavailable as error:
        raise Unavailable(
            f"{sent:,} events are in {into} for sure, then: {error.message}",
            hint="sent once more from the beginning they change nothing twice: the same content is `unchanged`",
        ) from error
    return {"sent": sent, "took_s": round(clock() - begun_s, 3)}
