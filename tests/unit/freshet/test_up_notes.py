"""The stack's notes: a full disk is said, and ends nothing."""

from pathlib import Path

import pytest

from freshet.runtime import up
from freshet.runtime.stack import Stack
from schemas.settings import UpSettings


def test_a_state_that_cannot_be_written_is_said_and_does_not_raise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    def full(data: Path, state: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(up, "write_state", full)
    settings = UpSettings(data=tmp_path)
    ports = dict.fromkeys(("kafka", "redis", "catalog", "embed", "shard", "session", "serving"), 1)
    stack = Stack(settings, tmp_path, ports, own_kafka=True, own_redis=True)
    up._Notes(stack, said.append).children([])
    assert "No space left" in said[0]
