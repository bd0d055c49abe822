"""Compares what the replicas of a shard hold with the log: buckets first, then the rows of those that differ."""

import time
from collections.abc import Callable, Iterator, Sequence
from http.client import HTTPException
from typing import Any, Final, NamedTuple
from urllib.request import urlopen

import orjson

from index_snapshots.buckets import bucket_of
from index_snapshots.digests import hexadecimal
from index_snapshots.orders import unpack
from index_snapshots.protocol import Topic
from replay.audit.findings import Tally
from replay.audit.rows import Rows
from replay.audit.share import Share
from schemas.digests import OFFSET_HEADER
from schemas.errors import Unavailable
from streams.reader import LogRecord

TIMEOUT_S: Final = 120.0
"""A shard works its buckets out with half of a core, 20 us a row."""
CATCH_UP_S: Final = 10.0
"""A replica that is behind the others when its rows are asked for may come up within this time."""
POLL_S: Final = 0.05
TOPICS: Final[tuple[Topic, ...]] = ("documents", "offers")


class Replica(NamedTuple):
    """One shard, where it answers."""

    name: str
    """As it is told: `shard 0 replica 1`."""
    url: str
    partition: int
    encoder: str
    dim: int


class _Told(NamedTuple):
    """What a replica says of itself at an offset of the topic."""

    offset: int
    body: dict[str, Any]


Read = Callable[[Topic], Callable[[int], Iterator[LogRecord]]]


def compare(
    replicas: Sequence[Replica], read: Read, event_id_of: Callable[[int], str], share: Share, tally: Tally
) -> None:
    """Replicas of one partition. A replica that does not answer is told as one that was not compared.

    `read` opens a topic of the partition: what comes next, up to an offset. Raises what reading the log raises.
    """
    for topic in TOPICS:
        told = sorted(_all_told(replicas, topic, tally), key=lambda one: one[1].offset)
        if not told:
            continue
        first = told[0][0]
        rows = Rows(read(topic), topic, first.encoder, first.dim, share)
        for replica, one in told:
            rows.advance(one.offset)
            wrong = [
                bucket
                for bucket, (actual, wanted) in enumerate(zip(one.body["buckets"], rows.digests(), strict=True))
                if actual != wanted and share.has_bucket(bucket)
            ]
            tally.rows[replica.name] = max(tally.rows[replica.name], len(rows.rows()))
            for bucket in wrong:
                _name_rows(replica, topic, bucket, rows, event_id_of, tally)


def _all_told(replicas: Sequence[Replica], topic: Topic, tally: Tally) -> Iterator[tuple[Replica, _Told]]:
    for replica in replicas:
        try:
            yield replica, _ask(replica, topic)
        except Unavailable as error:
            tally.not_compared[replica.name] = error.message


def _name_rows(
    replica: Replica, topic: Topic, bucket: int, rows: Rows, event_id_of: Callable[[int], str], tally: Tally
) -> None:
    """Which rows of the bucket are not what they must be, by a later look if more has come meanwhile."""
    where = f"{replica.name}, {topic}"
    try:
        told = _at_least(replica, topic, bucket, rows.offset)
    except Unavailable as error:
        tally.find("stale", where, "", "", f"bucket {bucket} differs; its rows are not known: {error.message}")
        return
    rows.advance(told.offset)
    actual = told.body["rows"]
    wanted = {sku: row for sku, row in rows.rows().items() if bucket_of(sku) == bucket}
    for sku in sorted(actual.keys() | wanted.keys()):
        row = wanted.get(sku)
        if row is None:
            tally.find("stale", where, sku, "", "it holds this product, the log does not")
        elif actual.get(sku) != hexadecimal(row.digest):
            event_id = event_id_of(unpack(row.order).offset)
            message = "it lacks this row" if sku not in actual else "its row is not that of the newest event"
            tally.find("stale", where, sku, event_id, message)


def _at_least(replica: Replica, topic: Topic, bucket: int, offset: int) -> _Told:
    until_s = time.monotonic() + CATCH_UP_S
    while (told := _ask(replica, topic, bucket)).offset < offset:
        if time.monotonic() > until_s:
            raise Unavailable(f"{replica.name} stands at {told.offset} of {topic}, before {offset}")
        time.sleep(POLL_S)
    return told


def _ask(replica: Replica, topic: Topic, bucket: int | None = None) -> _Told:
    """`GET /buckets`. Raises Unavailable."""
    asked = f"{replica.url}/buckets?partition={replica.partition}&digest={topic}"
    try:
        with urlopen(asked if bucket is None else f"{asked}&bucket={bucket}", timeout=TIMEOUT_S) as answer:
            return _Told(int(answer.headers[OFFSET_HEADER]), orjson.loads(answer.read()))
    except (OSError, HTTPException, ValueError, TypeError) as error:
        raise Unavailable(f"{replica.name} at {replica.url} does not tell its buckets: {error}") from error
