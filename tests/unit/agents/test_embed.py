"""Coalescing, deletes that are never lost, and what happens when the encoder fails."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from agents.embed import EmbedAgent, Embedded, embed_batch
from agents.faults import Faults
from agents.topics import Topics
from agents.tracing import BatchTrace
from schemas.metrics import Metrics
from schemas.records import Content, ContentRecord, DocumentRecord, Order, Outcome, decode
from schemas.tracing import NOT_TRACED
from streams.reader import LogRecord

TOPICS = Topics(1, 1)


class Encoder:
    """Fails on every batch that holds the text "bad"."""

    id = "test"
    dim = 2
    texts_encoded = 0

    def encode_images(self, images: Sequence[bytes]) -> Any:
        raise NotImplementedError

    def encode_texts(self, texts: Sequence[str]) -> Any:
        if any("bad" in text for text in texts):
            raise ValueError("cannot encode")
        return np.tile(np.array([1.0, 0.0], dtype=np.float32), (len(texts), 1))


def incoming(offset: int, sku: str, title: str | None) -> LogRecord:
    content = Content(title=title) if title else None
    value = ContentRecord(sku=sku, order=Order(1, offset * 10), content=content, content_hash="h").encode()
    return LogRecord("contents", 0, offset, sku.encode(), value, 1)


def embed(*records: LogRecord) -> tuple[Embedded, list[tuple[str, str | None]]]:
    embedded = embed_batch(records, Encoder(), TOPICS, Faults(), lambda worked: None)
    documents = [
        (record.sku, record.content.title if record.content else None)
        for outgoing in embedded.outgoing
        if outgoing.topic == "documents" and outgoing.value
        for record in [decode(DocumentRecord, outgoing.value)]
    ]
    return embedded, documents


def test_only_the_newest_content_of_a_sku_is_embedded() -> None:
    embedded, documents = embed(incoming(0, "a", "old"), incoming(1, "b", "other"), incoming(2, "a", "new"))
    assert documents == [("b", "other"), ("a", "new")]
    assert (embedded.encoded, embedded.coalesced) == (2, 1)


def test_a_delete_is_never_coalesced_away() -> None:
    _, documents = embed(incoming(0, "a", "old"), incoming(1, "a", None), incoming(2, "a", "new"))
    assert documents == [("a", None), ("a", "new")]


def test_a_purge_passes_on_as_a_null_record() -> None:
    embedded, _ = embed(incoming(0, "a", None), LogRecord("contents", 0, 1, b"a", None, 1))
    assert [outgoing.value is None for outgoing in embedded.outgoing] == [False, True]


def test_when_the_newest_fails_the_next_older_is_taken_and_the_event_corrected() -> None:
    embedded, documents = embed(incoming(0, "a", "good"), incoming(1, "a", "bad"), incoming(2, "b", "fine"))
    assert documents == [("a", "good"), ("b", "fine")]
    outcomes = [decode(Outcome, o.value) for o in embedded.outgoing if o.topic == "outcomes" and o.value]
    assert [(o.event_id, o.outcome, o.by) for o in outcomes] == [("1-0-10", "dead-lettered", "embed")]
    assert embedded.refused == ["encoder_refused"]


def test_older_content_from_before_a_delete_is_not_taken() -> None:
    _, documents = embed(incoming(0, "a", "good"), incoming(1, "a", None), incoming(2, "a", "bad"))
    assert documents == [("a", None)]


def test_a_record_that_is_not_ours_is_dead_lettered_and_its_neighbours_embedded() -> None:
    embedded, documents = embed(LogRecord("contents", 0, 0, b"x", b"{", 1), incoming(1, "a", "fine"))
    assert documents == [("a", "fine")]
    assert embedded.refused == ["malformed_record"]


def test_every_text_is_reported_so_that_failures_in_a_row_can_be_counted() -> None:
    tried: list[bool] = []
    embed_batch(
        [incoming(0, "a", "bad"), incoming(1, "b", "bad"), incoming(2, "c", "fine")],
        Encoder(),
        TOPICS,
        Faults(),
        tried.append,
    )
    assert tried == [False, False, True]


@pytest.mark.parametrize("count", [1, 5])
def test_an_injected_fault_costs_only_its_own_product(count: int) -> None:
    records = [incoming(i, f"s{i}", "fine") for i in range(count)]
    embedded = embed_batch(records, Encoder(), TOPICS, Faults("raise:embed:3"), lambda worked: None)
    assert embedded.encoded + len(embedded.refused) == count


class Left(Exception):
    """Stands for the end of the process."""


def agent(committed: int, commits: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch) -> EmbedAgent:
    """An agent that owns partition 0 up to `committed`, and notes (first offset, next offset) of what it commits."""

    async def commit(partition: int, records: Any, next_offset: int) -> list[int]:
        commits.append((partition, next_offset))
        return []

    def left(what: str, error: BaseException) -> None:
        raise Left(str(error))

    made = EmbedAgent("", TOPICS, Encoder(), 64, 10, Metrics(), Faults())
    made.partitions.next_offsets[0] = committed
    monkeypatch.setattr(made.partitions, "commit", commit)
    monkeypatch.setattr("agents.embed.fail_stop", left)
    return made


@pytest.mark.parametrize(
    ("committed", "done", "stops"),
    [(10, [(0, 13)], False), (13, [], False), (20, [], False), (12, [], True)],
    ids=["ours", "all of it done elsewhere", "more than it", "handed over and back in the middle"],
)
async def test_a_batch_whose_partition_was_handed_over_meanwhile(
    committed: int, done: list[tuple[int, int]], stops: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Committing the rest of such a batch, or skipping it, would lose contents: the worker starts again instead."""
    commits: list[tuple[int, int]] = []
    embedding = agent(committed, commits, monkeypatch)
    fresh = [incoming(offset, f"s{offset}", "fine") for offset in (10, 11, 12)]
    if stops:
        with pytest.raises(Left, match="middle of a batch"):
            await embedding._commit(0, fresh, Embedded(), BatchTrace(NOT_TRACED, "embed", fresh))
    else:
        await embedding._commit(0, fresh, Embedded(), BatchTrace(NOT_TRACED, "embed", fresh))
    assert commits == done


BAD_VECTORS = {
    "nan": [float("nan"), 0.0],
    "infinite": [float("inf"), 0.0],
    "zero": [0.0, 0.0],
    "infinite in fp16": [70_000.0, 0.0],
    "too large for fp32 sums": [3e38, 3e38],
    "too long": [1.003, 0.0],
    "too short": [0.997, 0.0],
    "another dimension": [1.0, 0.0, 0.0],
}


class Spoiled(Encoder):
    """Gives one bad vector, without an error."""

    def __init__(self, vector: list[float]) -> None:
        self.vector = np.array(vector, dtype=np.float32)

    def encode_texts(self, texts: Sequence[str]) -> Any:
        return [self.vector if "bad" in text else np.array([0.6, 0.8], dtype=np.float32) for text in texts]


@pytest.mark.parametrize("name", BAD_VECTORS)
def test_a_vector_that_no_shard_would_take_is_dead_lettered_here_and_the_event_corrected(name: str) -> None:
    records = [incoming(0, "a", "good"), incoming(1, "b", "bad"), incoming(2, "c", "fine")]
    tried: list[bool] = []
    embedded = embed_batch(records, Spoiled(BAD_VECTORS[name]), TOPICS, Faults(), tried.append)
    by_topic = [outgoing.topic for outgoing in embedded.outgoing]
    assert by_topic == ["documents", "documents", "dead-letters", "outcomes"]
    assert (embedded.encoded, embedded.refused, tried) == (2, ["encoder_refused"], [True, False, True])
    outcome = decode(Outcome, embedded.outgoing[-1].value or b"")
    assert (outcome.event_id, outcome.outcome, outcome.reason) == ("1-0-10", "dead-lettered", "encoder_refused")
