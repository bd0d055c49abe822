"""Faults of what Redis holds: it is emptied, has no memory left, or holds other types than it should."""

import time
from typing import Final
from urllib.parse import urlsplit

from bench.redis_talk import say
from freshet.drills.stage import Stage
from freshet.runtime.redis_server import MEMORY_MB, POLICY
from schemas.errors import FreshetError

FULL_BYTES: Final = 1
TO_LISTS: Final = "for _,k in ipairs(redis.call('KEYS','*')) do redis.call('DEL',k) redis.call('LPUSH',k,1) end"
"""Lua: each key becomes a list of one number."""


def flush(stage: Stage, process: str, lasts_s: float) -> None:
    _tell(stage, "FLUSHALL")


def take_memory(stage: Stage, process: str, lasts_s: float) -> None:
    """It refuses to store anything, and evicts nothing."""
    _tell(stage, "CONFIG SET maxmemory-policy noeviction")
    _tell(stage, f"CONFIG SET maxmemory {FULL_BYTES}")
    try:
        time.sleep(lasts_s)
    finally:
        _tell(stage, f"CONFIG SET maxmemory {MEMORY_MB}mb")
        _tell(stage, f"CONFIG SET maxmemory-policy {POLICY}")


def change_types(stage: Stage, process: str, lasts_s: float) -> None:
    _tell(stage, f"EVAL \"{TO_LISTS} return {{ok='OK'}}\" 0")


def _tell(stage: Stage, command: str) -> None:
    answer = say(urlsplit(stage.up.state().redis_url).port or 0, command)
    if answer != "+OK":
        raise FreshetError(f"Redis answered {answer!r} to {command}")
