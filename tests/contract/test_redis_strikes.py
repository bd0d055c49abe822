"""The faults of Redis do to a real one what they say, and leave it as it was where they end."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from bench.redis_talk import say
from freshet.drills.stage import Stage
from freshet.drills.strike_redis import change_types, flush, take_memory
from freshet.runtime.redis_server import MEMORY_MB
from freshet.runtime.stack_state import StackState


class OnlyRedis:
    def __init__(self, url: str) -> None:
        self._state = StackState(state="ready", redis_url=url)

    def state(self) -> StackState:
        return self._state


@pytest.fixture
def port(redis_url: str) -> int:
    found = urlsplit(redis_url).port or 0
    say(found, "SET session 1")
    return found


@pytest.fixture
def stage(redis_url: str, port: int) -> Stage:
    stack: Any = OnlyRedis(redis_url)
    nobody: Any = None
    return Stage(stack, nobody, 7, [])


def test_it_is_emptied(stage: Stage, port: int) -> None:
    assert say(port, "DBSIZE") != ":0"
    flush(stage, "redis", 0.0)
    assert say(port, "DBSIZE") == ":0"


def test_what_it_holds_has_another_type(stage: Stage, port: int) -> None:
    change_types(stage, "redis", 0.0)
    assert say(port, "TYPE session") == "+list"


def test_without_memory_it_refuses_and_then_takes_again(stage: Stage, port: int) -> None:
    refused: list[str] = []

    def ask(seconds: float) -> None:
        refused.append(say(port, "SET more 1"))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("freshet.drills.strike_redis.time.sleep", ask)
        take_memory(stage, "redis", 5.0)
    assert refused[0].startswith("-OOM")
    assert say(port, "SET more 1") == "+OK"
    assert f"maxmemory:{MEMORY_MB * 1024 * 1024}" in say(port, "INFO memory")
