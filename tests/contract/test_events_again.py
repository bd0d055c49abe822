"""The command that writes events again, on a real Kafka: into another generation, and not into the live one."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from freshet.exit_codes import OK
from freshet.run_replay_events import EventsOptions, replay_events
from schemas.errors import StateRefused
from streams.producer import Producer
from streams.reader import Reader
from streams.topics import create_topics

PARTITIONS, LIVE, OTHER = 2, 90_001, 90_002
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def events(kafka: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Address of a Kafka with twenty events of the live generation, which the settings name."""
    for generation in (LIVE, OTHER):
        create_topics(kafka, generation, PARTITIONS)
    settings = {"KAFKA": kafka, "GENERATION": str(LIVE), "PARTITIONS": str(PARTITIONS)}
    for name, value in settings.items():
        monkeypatch.setenv(f"FRESHET_{name}", value)

    async def produce() -> None:
        producer = Producer(kafka, loop=asyncio.get_running_loop())
        for number in range(20):
            await producer.send(f"catalog.{LIVE}", f"sku-{number % 7}".encode(), str(number).encode())
        await producer.close()

    asyncio.run(produce())
    return kafka


def held(kafka: str, generation: int) -> list[tuple[bytes | None, bytes | None]]:
    reader = Reader(kafka)
    try:
        return [
            (one.key, one.value)
            for partition in range(PARTITIONS)
            for batch in reader.read(f"catalog.{generation}", partition, 0)
            for one in batch
        ]
    finally:
        reader.close()


def test_events_are_written_again_when_it_is_said_and_never_into_the_live_topic(
    events: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(into: int, send: bool) -> dict[str, Any]:
        options = EventsOptions("1h", "", f"catalog.{into}", "", 1e6, send, yes_into_live=False)
        assert replay_events(options, NOWHERE, tmp_path, True) == OK
        said: dict[str, Any] = json.loads(capsys.readouterr().out)
        return said

    dry = run(OTHER, send=False)
    assert (dry["events"], dry["skus"], dry["dry_run"], "sent" in dry) == (20, 7, True, False)
    assert held(events, OTHER) == []
    assert run(OTHER, send=True)["sent"] == 20
    assert held(events, OTHER) == held(events, LIVE) != []
    with pytest.raises(StateRefused, match="the running shop reads"):
        run(LIVE, send=True)
    with pytest.raises(StateRefused, match="there is no topic"):
        run(90_003, send=True)
    assert len(held(events, LIVE)) == 20
