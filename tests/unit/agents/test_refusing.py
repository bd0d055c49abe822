"""What a shard refuses is dead-lettered with its reason, its bytes and its origin, counted by reason, and passed."""

import base64
from pathlib import Path
from typing import Any

from prometheus_client import generate_latest

from agents.faults import Faults
from agents.shard import Kept, ShardAgent, ShardSetup
from agents.topics import Topics
from index_snapshots.builder import BuilderHere
from index_snapshots.checkpoints import CheckpointLog
from index_snapshots.protocol import Offsets
from schemas.metrics import Metrics
from schemas.records import DeadLetter, decode
from streams.reader import LogRecord
from tests.unit.index_snapshots.making import DIM, ORIGIN, document, shard


class Letters:
    """Stands for the producer: keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[DeadLetter] = []

    async def send(self, topic: str, key: bytes, value: bytes, partition: int) -> None:
        assert topic == "dead-letters"
        self.sent.append(decode(DeadLetter, value))


def record(offset: int, value: bytes, sku: str = "a") -> LogRecord:
    return LogRecord("documents", 0, offset, sku.encode(), value, 5)


def spoiled(order: int, data: bytes, encoder: str = "fake") -> bytes:
    text = base64.b64encode(data).decode()
    return document("a", order).model_copy(update={"vector": text, "encoder": encoder}).encode()


async def test_each_refused_record_leaves_a_letter_and_a_count(tmp_path: Path) -> None:
    metrics, letters = Metrics(), Letters()
    producer: Any = letters
    setup = ShardSetup("", Topics(1, 1), tmp_path, 0, 20_000, 2, 9, 2, 0.98)
    agent = ShardAgent(setup, [], BuilderHere(), producer, metrics, Faults(), str)
    agent.kept[0] = kept = Kept(ORIGIN, tmp_path, shard(), CheckpointLog(100, Offsets(0, 0)))
    nan, zero, short = b"\x00\x7e" * DIM, bytes(2 * DIM), bytes(2 * DIM - 2)
    values = [
        spoiled(1, nan),
        document("a", 2).encode(),
        spoiled(3, zero),
        spoiled(4, short),
        spoiled(5, zero, encoder="other"),
        b"{",
    ]
    await agent._take(0, [record(offset, value) for offset, value in enumerate(values)])
    assert [(letter.id, letter.reason, letter.stage, letter.sku) for letter in letters.sent] == [
        ("documents-0-0", "bad_vector", "shard", "a"),
        ("documents-0-2", "bad_vector", "shard", "a"),
        ("documents-0-3", "bad_vector", "shard", "a"),
        ("documents-0-4", "wrong_encoder", "shard", "a"),
        ("documents-0-5", "malformed_record", "shard", "a"),
    ]
    assert [letter.original() for letter in letters.sent] == [(b"a", values[at]) for at in (0, 2, 3, 4, 5)]
    assert [letter.event_id for letter in letters.sent] == ["1-0-1", "1-0-3", "1-0-4", "1-0-5", ""]
    page = generate_latest(metrics.registry).decode()
    for reason, count in {"bad_vector": 3, "wrong_encoder": 1, "malformed_record": 1}.items():
        assert f'freshet_refused_records_total{{reason="{reason}"}} {count}.0' in page
        assert f'freshet_dead_letters_total{{reason="{reason}",stage="shard"}} {count}.0' in page
    hit = kept.shard.view.lookup("a").hit
    assert hit is not None and hit.content_order.offset == 2 and kept.position["documents"] == 6
