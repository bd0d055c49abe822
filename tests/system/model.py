"""What must have happened: the log of `catalog` decided once, in order, in memory; and the checks against it."""

import base64
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np

from agents.catalog import Decided, decide_batch
from agents.faults import Faults
from agents.partitions import group_of
from agents.topics import Topics
from schemas.errors import Unavailable
from schemas.records import (
    ContentRecord,
    DocumentRecord,
    EventId,
    OfferRecord,
    Outcome,
    OutcomeKind,
    R,
    decode,
    fold,
    is_unit,
)
from streams.partitioner import partition_of
from streams.reader import LogRecord, Reader
from tests.system.conftest import Stack
from tests.waiting import LIMIT_S, wait_until


@dataclass(frozen=True)
class Truth:
    """What the events in `catalog` must lead to."""

    outcomes: dict[str, Outcome]
    """By event id, before any correction by `embed`."""
    contents: dict[str, list[ContentRecord]]
    """By SKU, in order."""
    offers: dict[str, list[OfferRecord]]


def truth(stack: Stack) -> Truth:
    """Decides the whole log of `catalog` with the agent's own function, without batches, stores or restarts."""
    made = Truth({}, {}, {})
    topics = Topics(stack.generation, stack.partitions)
    reader = Reader(stack.kafka)
    try:
        for partition in range(stack.partitions):
            first, _ = reader.begin_end(stack.topic("catalog"), partition)
            log = [
                LogRecord(*record)
                for records in reader.read(stack.topic("catalog"), partition, first)
                for record in records
            ]
            _add(made, decide_batch(log, lambda sku: None, topics, Faults()))
    finally:
        reader.close()
    return made


def _add(made: Truth, decided: Decided) -> None:
    made.outcomes.update({outcome.event_id: outcome for outcome in decided.outcomes})
    for base, sku, value, _ in decided.changed:
        if base == "contents":
            made.contents.setdefault(sku, []).append(decode(ContentRecord, value))
        else:
            made.offers.setdefault(sku, []).append(decode(OfferRecord, value))


def settle(stack: Stack, *agents: str, limit_s: float = LIMIT_S) -> None:
    """Waits until `catalog` (and `embed`) have committed all of their input."""
    reader = Reader(stack.kafka)
    try:
        for agent in agents or ("catalog", "embed"):
            wait_until(lambda agent=agent: unread(stack, reader, agent) == 0, limit_s, f"{agent} has read all")  # type: ignore[misc]
    finally:
        reader.close()


def unread(stack: Stack, reader: Reader, agent: str) -> int:
    """Committed records of the agent's input that its group has not committed yet; -1 while Kafka cannot tell."""
    topic = stack.topic("catalog" if agent == "catalog" else "contents")
    try:
        done = reader.committed(group_of(agent, stack.generation), topic, range(stack.partitions))
    except Unavailable:  # an offset is part of a transaction that hangs: it is known when that times out
        return -1
    left = 0
    for partition, offset in done.items():
        first, end = reader.begin_end(topic, partition)
        if max(offset, first) < end:  # the last offsets may be markers, which nobody reads
            left += sum(len(records) for records in reader.read(topic, partition, max(offset, first), end))
    return left


def check_conservation(stack: Stack, acked: Collection[str], expected: Truth) -> Counter[OutcomeKind]:
    """C8: every acknowledged event has exactly one outcome, the one of the model. Returns how many of each kind."""
    records = [decode(Outcome, value or b"") for _, value in stack.values("outcomes")]
    decided = Counter(record.event_id for record in records if record.by == "catalog")
    twice = [event_id for event_id, count in decided.items() if count > 1]
    corrected = Counter(record.event_id for record in records if record.by == "embed")
    assert len(set(acked)) == len(acked), "Kafka gave two events one place"
    lost = set(acked) - set(decided)
    assert not lost, f"{len(lost)} acknowledged events have no outcome: {sorted(lost)[:5]}"
    assert not twice, f"{len(twice)} events were decided twice: {sorted(twice)[:5]}"
    assert set(decided) == set(expected.outcomes), "there are outcomes of events that nobody sent"
    assert all(count == 1 for count in corrected.values()), "an outcome was corrected twice"
    wrong = [
        (record, expected.outcomes[record.event_id])
        for record in records
        if record.by == "catalog" and record != expected.outcomes[record.event_id]
    ]
    assert not wrong, f"{len(wrong)} outcomes differ from the model: {wrong[:3]}"
    folded: dict[str, Outcome] = {}
    for record in records:
        folded[record.event_id] = fold(folded.get(record.event_id), record)
    kinds = Counter(outcome.outcome for outcome in folded.values())
    assert kinds.total() == len(expected.outcomes)
    return kinds


def check_state(stack: Stack, expected: Truth) -> None:
    """The whole histories in `contents` and `offers` are the model's; so is the newest of every SKU."""
    assert histories(stack, "contents", ContentRecord) == expected.contents
    assert histories(stack, "offers", OfferRecord) == expected.offers


def check_newest(stack: Stack, expected: Truth) -> None:
    """The newest of every SKU is the model's: what is left to compare once a topic has been compacted."""
    contents = {sku: records[-1] for sku, records in histories(stack, "contents", ContentRecord).items()}
    offers = {sku: records[-1] for sku, records in histories(stack, "offers", OfferRecord).items()}
    assert contents == {sku: records[-1] for sku, records in expected.contents.items()}
    assert offers == {sku: records[-1] for sku, records in expected.offers.items()}


def check_documents(stack: Stack, expected: Truth, refused: Collection[str] = ()) -> None:
    """The last document of each SKU is its newest content that could be embedded, with a vector of length 1."""
    found = {sku: records[-1] for sku, records in histories(stack, "documents", DocumentRecord).items()}
    wanted = expected_documents(stack, expected, refused)
    assert {sku: record.order for sku, record in found.items()} == {sku: record.order for sku, record in wanted.items()}
    for sku, record in found.items():
        assert (record.content, record.content_hash) == (wanted[sku].content, wanted[sku].content_hash), sku
        assert (record.vector is None) == (record.content is None), sku
        if record.vector is not None:
            vector = np.frombuffer(base64.b64decode(record.vector), "<f2").astype(np.float64)
            assert is_unit(float(np.linalg.norm(vector))), sku


def expected_documents(stack: Stack, expected: Truth, refused: Collection[str]) -> dict[str, ContentRecord]:
    """Per SKU the newest content that was not refused; what came before a delete does not come back."""
    wanted: dict[str, ContentRecord] = {}
    for sku, records in expected.contents.items():
        partition = partition_of(sku.encode(), stack.partitions)
        for record in records:
            if record.content is None or str(EventId(stack.generation, partition, record.order.offset)) not in refused:
                wanted[sku] = record
    return wanted


def check_monotonic(stack: Stack) -> None:
    """C5: to a reader of committed records no SKU ever goes back, or is written twice, in any derived topic."""
    kinds: dict[str, type[ContentRecord] | type[OfferRecord] | type[DocumentRecord]] = {
        "contents": ContentRecord,
        "offers": OfferRecord,
        "documents": DocumentRecord,
    }
    for base, kind in kinds.items():
        for sku, records in histories(stack, base, kind).items():
            orders = [record.order for record in records]
            assert orders == sorted(set(orders)), f"{base} of {sku} goes back: {orders}"


def histories(stack: Stack, base: str, kind: type[R]) -> dict[str, list[R]]:
    """All committed records of a topic by SKU, in log order; purges left out."""
    found: dict[str, list[R]] = {}
    for key, value in stack.values(base):
        if value is not None:
            found.setdefault(key.decode(), []).append(decode(kind, value))
    return found


def check_all(stack: Stack, acked: Collection[str], embedded: bool = True) -> Mapping[OutcomeKind, int]:
    """Everything above, for a stack that has come to rest; `embedded`: with `embed`. Returns the outcomes by kind."""
    expected = truth(stack)
    kinds = check_conservation(stack, acked, expected)
    check_state(stack, expected)
    check_monotonic(stack)
    if embedded:
        refused = {outcome.event_id for outcome in stack.outcomes().values() if outcome.by == "embed"}
        check_documents(stack, expected, refused)
    return kinds
