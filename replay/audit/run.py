"""An audit as a whole: partitions side by side, one process each; where there are more processes, several share one."""

import gc
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from typing import NamedTuple

from agents.topics import Topics
from index_snapshots.protocol import Topic
from replay.audit.findings import Tally
from replay.audit.partition import PartitionAudit, Span
from replay.audit.replicas import Replica, compare
from replay.audit.share import Share
from replay.log import Log, open_log
from schemas.records import EventId
from streams.reader import LogRecord


@dataclass(frozen=True)
class Audited:
    """What is looked at."""

    kafka: str
    topics: Topics
    span: Span
    replicas: Sequence[Replica]
    """Empty: the topics alone."""
    now_ms: int


def audit_all(what: Audited, workers: int) -> Tally:
    """One round over all partitions. Raises Unavailable, StateRefused."""
    total = Tally()
    if workers == 1:
        for partition in range(what.topics.partitions):
            total.add(audit_part(what, Part(partition, Share())))
        return total
    with ProcessPoolExecutor(workers, get_context("spawn"), end_with_parent) as pool:
        for tally in pool.map(partial(audit_part, what), parts_of(what.topics.partitions, workers)):
            total.add(tally)
    return total


def end_with_parent() -> None:
    """A worker whose audit was killed would wait for more to do for ever."""
    parent = parent_process()
    assert parent is not None

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, name="parent", daemon=True).start()


class Part(NamedTuple):
    """What one process does in one go."""

    partition: int
    share: Share


def parts_of(partitions: int, workers: int) -> list[Part]:
    """As few as give each process something to do: all that share a partition read the whole of it."""
    shares = -(-workers // partitions)
    return [Part(partition, Share(number, shares)) for partition in range(partitions) for number in range(shares)]


def audit_part(what: Audited, part: Part) -> Tally:
    """In a process that ends soon: nearly all that it reads is kept, so looking for garbage only costs (a third)."""
    gc.disable()
    gc.collect()  # what the part before it left
    with ExitStack() as closing:
        one = audit_of(what, part.partition, part.share, closing)
        one.round()
    compare_replicas(what, part.partition, part.share, one.tally)
    return one.tally


def audit_of(what: Audited, partition: int, share: Share, closing: ExitStack) -> PartitionAudit:
    """It reads the log until `closing` closes."""
    opened = partial(open_log, what.kafka, closing)
    return PartitionAudit(opened, what.topics, partition, what.span, share, what.now_ms)


def compare_replicas(what: Audited, partition: int, share: Share, tally: Tally) -> None:
    replicas = [replica for replica in what.replicas if replica.partition == partition]
    if replicas:
        with ExitStack() as closing:
            log = open_log(what.kafka, closing)
            compare(
                replicas,
                partial(_opened, log, what.topics, partition),
                partial(_event_id, what, partition),
                share,
                tally,
            )


def _opened(log: Log, topics: Topics, partition: int, base: Topic) -> Callable[[int], Iterator[LogRecord]]:
    """What comes next of a topic, up to an offset."""
    topic = topics.name(base)
    offset, _ = log.begin_end(topic, partition)

    def read(end: int) -> Iterator[LogRecord]:
        nonlocal offset
        for records in log.read(topic, partition, offset, end):
            yield from records
        offset = max(offset, end)

    return read


def _event_id(what: Audited, partition: int, offset: int) -> str:
    return str(EventId(what.topics.generation, partition, offset))
