"""What Kafka itself says: lags while the HTTP tier is away, clicks that wait, and the dead letters of the last day."""

from collections import Counter
from collections.abc import Mapping

from freshet.http_page import Page
from freshet.status.report import DeadLetterStatus, Step, StepStatus
from replay.log import AgentsLog
from schemas.errors import InvalidEvent
from schemas.records import DeadLetter, decode
from schemas.topics import topic_name

LETTERS_HOURS = 24
LETTERS_MAX = 5_000
"""Letters looked at; of more only the newest."""
MARKER_RECORDS = 1
"""The last offset of a topic written in transactions is a marker, never a record."""


def dead_letters(log: AgentsLog, generation: int, now_ms: int) -> DeadLetterStatus:
    """By reason, over the last LETTERS_HOURS; copies with the same id count once."""
    topic = topic_name("dead-letters", generation)
    begin, end = log.begin_end(topic, 0)
    first = max(begin, min(end, log.offset_at(topic, 0, now_ms - LETTERS_HOURS * 3_600_000)))
    start = max(first, end - LETTERS_MAX)
    reasons: dict[str, str] = {}
    for records in log.read(topic, 0, start, end):
        for record in records:
            try:
                letter = decode(DeadLetter, record.value or b"")
                reasons[letter.id] = letter.reason
            except InvalidEvent:
                reasons[f"unreadable at {record.offset}"] = "unreadable"
    by_reason = dict(Counter(reasons.values()).most_common())
    return DeadLetterStatus(hours=LETTERS_HOURS, total=len(reasons), by_reason=by_reason, more=start > first)


def worker_steps(log: AgentsLog, generation: int, partitions: int) -> list[StepStatus]:
    """Of the steps that commit to a consumer group."""
    return [
        *_committed(log, generation, partitions, "catalog", "catalog", "catalog", 0),
        *_committed(log, generation, partitions, "embed", "embed", "contents", MARKER_RECORDS),
    ]


def click_steps(log: AgentsLog, generation: int, partitions: int, health: Mapping[str, Page]) -> list[StepStatus]:
    """Clicks that are not in the sessions yet; nothing where nobody reads them."""
    told = {
        int(partition): int(offset)
        for name, page in health.items()
        if name.split("-")[0] == "session"
        for partition, offset in (page.body.get("next_offsets") or {}).items()
    }
    steps = _committed(log, generation, partitions, "clicks", "session", "clicks", 0, told)
    return [step for step in steps if step.offset is not None]


def shard_steps(state: Page) -> list[StepStatus]:
    """From a shard's own page `/state`."""
    return [
        StepStatus(
            step=step,
            partition=int(shard["state"]["partition"]),
            offset=shard["state"][f"{step}_offset"],
            lag=shard.get(f"{step}_lag"),
        )
        for shard in state.body.get("shards", [])
        for step in ("documents", "offers")
    ]


def _committed(
    log: AgentsLog,
    generation: int,
    partitions: int,
    step: Step,
    agent: str,
    base: str,
    marker: int,
    told: Mapping[int, int] | None = None,
) -> list[StepStatus]:
    topic = topic_name(base, generation)
    done = {**log.committed(f"freshet-{agent}-{generation}", topic, list(range(partitions))), **(told or {})}
    steps = []
    for partition in range(partitions):
        begin, end = log.begin_end(topic, partition)
        behind = end - max(done[partition], begin)
        offset = done[partition] if done[partition] >= 0 else None
        steps.append(StepStatus(step=step, partition=partition, offset=offset, lag=behind if behind > marker else 0))
    return steps
