"""How searches and events went in each part of a span of time: read from the log, so that it survives restarts."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson

from schemas.records import Outcome
from schemas.topics import topic_name
from serving.fresh_sample import percentile
from serving.history import LogReader
from serving.incident.answers import Logged, logged
from serving.incident.model import TimelinePart
from serving.incident.reading import Offsets, Sample, count, edges, samples
from serving.outcomes import read_outcome
from streams.reader import LogRecord

LOOKED_AT_MAX: Final = 200
"""Records of one topic that are looked at for one part: more hardly move its figures."""
TOPICS: Final = ("served", "outcomes", "documents", "offers")
SAMPLED: Final = ("served", "outcomes", "documents")
SHARD_TOPICS: Final = ("documents", "offers")
BEHIND_MS: Final = 1_000
"""What is younger may well not be shown yet."""
LINEAGE_CHARS: Final = 8


class Looked(NamedTuple):
    """What was read of one part, by topic."""

    searches: int
    events: float
    sampled: bool
    answers: Sequence[Logged]
    outcomes: Sequence[tuple[Outcome, int]]
    """With the times at which they were written, ms since 1970."""
    documents: Sequence[LogRecord]
    behind_ms: int | None


def timeline(
    reader: LogReader, generation: int, partitions: int, times_ms: Sequence[int], looked_at_max: int = LOOKED_AT_MAX
) -> list[TimelinePart]:
    """The parts between each two of the times. Blocking. Raises Unavailable."""
    names = {topic: topic_name(topic, generation) for topic in TOPICS}
    spans = {topic: edges(reader, names[topic], partitions, times_ms) for topic in SAMPLED}
    read = {topic: samples(reader, names[topic], spans[topic], looked_at_max) for topic in SAMPLED}
    answers = [[one for one in map(logged, each.records) if one is not None] for each in read["served"]]
    behind = [behind_ms(reader, names, one) for one in answers]
    return [
        part(begin_ms, end_ms, looked({topic: (spans[topic][nth], read[topic][nth]) for topic in SAMPLED}, one, waited))
        for nth, (begin_ms, end_ms, one, waited) in enumerate(
            zip(times_ms, times_ms[1:], answers, behind, strict=False)
        )
    ]


def looked(
    read: Mapping[str, tuple[Sequence[Offsets], Sample]], answers: Sequence[Logged], waited_ms: int | None
) -> Looked:
    (served, _), (outcomes, decisions) = read["served"], read["outcomes"]
    found = [(read_outcome(one.value or b""), one.timestamp_ms) for one in decisions.records]
    told = [(outcome, at_ms) for outcome, at_ms in found if outcome is not None]
    decided = sum(outcome.by == "catalog" for outcome, _ in told)
    return Looked(
        searches=count(served),
        events=decided * count(outcomes) / max(1, decisions.offsets),  # some are markers of transactions
        sampled=any(one.offsets < count(spans) for spans, one in read.values()),
        answers=answers,
        outcomes=told,
        documents=read["documents"][1].records,
        behind_ms=waited_ms,
    )


def behind_ms(reader: LogReader, names: Mapping[str, str], answers: Iterable[Logged]) -> int | None:
    """How old the oldest record was that an answer did not show yet: of the answer with the oldest state of each shard.

    0: none was older than BEHIND_MS; None without answers. Raises Unavailable."""
    oldest: dict[tuple[str, int], tuple[int, int]] = {}
    for one in answers:
        for state in one.made_from:
            for topic in SHARD_TOPICS:
                at, key = (state[f"{topic}_offset"], -one.line.at_ms), (topic, state["partition"])
                oldest[key] = min(at, oldest.get(key, at))
    if not oldest:
        return None
    waited = 0
    for (topic, partition), (offset, minus_ms) in oldest.items():
        if offset < reader.offset_at(names[topic], partition, -minus_ms - BEHIND_MS):
            missed = reader.record_at(names[topic], partition, offset)
            waited = max(waited, -minus_ms - missed.timestamp_ms if missed else 0)
    return waited if waited > BEHIND_MS else 0


def part(begin_ms: int, end_ms: int, seen: Looked) -> TimelinePart:
    """Pure."""
    took = [one.line.took_ms for one in seen.answers]
    finished = [one.line.zero for one in seen.answers if one.finished]
    first = [(outcome, at_ms) for outcome, at_ms in seen.outcomes if outcome.by == "catalog"]
    offers = [at_ms - outcome.received_ms for outcome, at_ms in first if not outcome.content_changed]
    texts = [record.timestamp_ms - ms for record in seen.documents if (ms := received_ms(record))]
    return TimelinePart(
        begin_ms=begin_ms,
        end_ms=end_ms,
        searches=seen.searches,
        events=round(seen.events),
        sampled=seen.sampled,
        search_p50_ms=percentile(took, 0.5),
        search_p95_ms=percentile(took, 0.95),
        zero_share=_share(finished),
        degraded_share=_share([bool(one.line.degraded) for one in seen.answers]),
        texts_p95_ms=percentile([float(max(0, ms)) for ms in texts], 0.95),
        offers_p95_ms=percentile([float(max(0, ms)) for ms in offers], 0.95),
        refused_share=_share([outcome.outcome == "dead-lettered" for outcome, _ in seen.outcomes]),
        behind_ms=seen.behind_ms,
        made_from=made_from(seen.answers),
    )


def received_ms(record: LogRecord) -> int:
    """When the log had the event of a document; 0: it does not say."""
    try:
        document: dict[str, Any] = orjson.loads(record.value or b"null")
        return int(document["received_ms"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return 0


def made_from(answers: Iterable[Logged]) -> list[str]:
    """Each once, in words."""
    found = {f"the encoder {one.encoder}" for one in answers if one.encoder}
    for one in answers:
        for state in one.made_from:
            lineage = state["lineage"][:LINEAGE_CHARS]
            found.add(f"replica {state['replica']} of shard {state['partition']}, lineage {lineage}")
    return sorted(found)


def _share(of: Sequence[bool]) -> float | None:
    return round(sum(of) / len(of), 4) if of else None
