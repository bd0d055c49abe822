"""Queries that found too little, from the served log: each text once, with how often and what became of it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import orjson

from replay.log import Log
from schemas.folding import normal
from schemas.topics import topic_name
from streams.reader import LogRecord

EMPTY: Final = "none"
"""What became of a query for which no step found anything."""
TEXTS_MAX: Final = 50_000
"""Different texts that are counted; of later ones only how many there were."""


@dataclass
class MissedQuery:
    """A text that found too little."""

    text: str
    """Small, without surplus white space; empty: filters alone."""
    times: int = 0
    sessions: set[str] = field(default_factory=set)
    """Or requests, where no session was told."""
    last_ms: int = 0
    request_id: str = ""
    """The last one."""
    answered_by: Counter[str] = field(default_factory=Counter)
    """Steps of the ladder, or EMPTY."""
    tried: Counter[str] = field(default_factory=Counter)
    relaxed: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)


@dataclass
class Missed:
    """What a stretch of the served log holds."""

    searches: int = 0
    """First pages that somebody finished typing."""
    partly: int = 0
    """Of these, those that found too little while a part was away: they say nothing of the catalogue."""
    further: int = 0
    """Of texts beyond TEXTS_MAX."""
    queries: dict[str, MissedQuery] = field(default_factory=dict)

    def often(self) -> list[MissedQuery]:
        """The most frequent first."""
        return sorted(self.queries.values(), key=lambda one: (-one.times, -len(one.sessions), one.text))


def read_missed(log: Log, generation: int, partitions: int, since_ms: int) -> Missed:
    """Records that are no answers, or of another version, are left out."""
    missed = Missed()
    topic = topic_name("served", generation)
    for partition in range(partitions):
        _, end = log.begin_end(topic, partition)
        for records in log.read(topic, partition, log.offset_at(topic, partition, since_ms), end):
            count(missed, records)
    return missed


def count(missed: Missed, records: Iterable[LogRecord], texts_max: int = TEXTS_MAX) -> None:
    for record in records:
        try:
            answer = orjson.loads(record.value or b"null")
            finished = answer["page"] == 1 and not answer.get("typing")
            said, shown = answer.get("fallback"), answer["skus"]
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
            continue
        if not finished:
            continue
        missed.searches += 1
        if said is None and shown:
            continue
        if any(stage.startswith(("shard-", "words-", "correct-", "encode")) for stage in answer["degraded"]):
            missed.partly += 1
            continue
        text = normal(answer["text"])
        if text not in missed.queries and len(missed.queries) >= texts_max:
            missed.further += 1
            continue
        _count(missed.queries.setdefault(text, MissedQuery(text)), answer)


def _count(query: MissedQuery, answer: dict[str, object]) -> None:
    said = answer.get("fallback")
    tried = answer.get("tried")
    query.times += 1
    query.sessions.add(str(answer.get("session") or answer["request_id"]))
    at_ms = answer["at_ms"]
    if isinstance(at_ms, int) and at_ms >= query.last_ms:
        query.last_ms, query.request_id = at_ms, str(answer["request_id"])
    query.answered_by[said["step"] if isinstance(said, dict) else EMPTY] += 1
    if isinstance(tried, list):
        query.tried.update(one["step"] for one in tried)
    if isinstance(said, dict):
        query.relaxed.update(said.get("relaxed") or ())
        query.dropped.update(said.get("dropped") or ())
