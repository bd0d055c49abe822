"""How much memory sessions take in Redis: full histories, then with their vectors."""

import time
import uuid
from itertools import islice
from typing import Any

from bench.redis_talk import say, used_bytes
from schemas.clicks import CLICK_TYPES
from schemas.sessions import SESSION_ITEMS_MAX, VECTOR_MS, Place, SessionClick, SessionVector
from streams.redis_sessions import RedisSessions

BATCH = 250
DIM = 384
TIMEOUT_S = 30.0


async def measure_memory(port: int, count: int) -> dict[str, Any]:
    """`count` sessions of SESSION_ITEMS_MAX products each, named by UUIDs, SKUs of 12 characters; an empty Redis."""
    say(port, "CONFIG SET maxmemory 0")
    sessions = RedisSessions(f"redis://127.0.0.1:{port}/0", 1, timeout_s=TIMEOUT_S, slow_s=TIMEOUT_S)
    names = [str(uuid.UUID(int=number << 64)) for number in range(count)]
    empty, now_ms, began_s = used_bytes(port), time.time_ns() // 1_000_000, time.monotonic()
    try:
        for batch in _batches(names):
            await sessions.count(1, [click for name in batch for click in _clicks(name, now_ms)], now_ms)
        counting_s = time.monotonic() - began_s
        histories = used_bytes(port) - empty
        vector = SessionVector(Place(1, SESSION_ITEMS_MAX - 1), "all-MiniLM-L6-v2", b"\x00" * 2 * DIM)
        for batch in _batches(names):
            await sessions.put(dict.fromkeys(batch, vector), VECTOR_MS * 100)
        both = used_bytes(port) - empty
    finally:
        await sessions.close()
    return {
        "sessions": count,
        "items": SESSION_ITEMS_MAX,
        "histories_mb": round(histories / 1e6, 1),
        "with_vectors_mb": round(both / 1e6, 1),
        "history_bytes": round(histories / count),
        "vector_bytes": round((both - histories) / count),
        "clicks_per_s": round(count * SESSION_ITEMS_MAX / counting_s),
    }


def _clicks(session: str, now_ms: int) -> list[SessionClick]:
    return [
        SessionClick(session, f"sku-{number:08}", CLICK_TYPES[number % 4], number, now_ms)
        for number in range(SESSION_ITEMS_MAX)
    ]


def _batches(names: list[str]) -> list[list[str]]:
    rest = iter(names)
    return list(iter(lambda: list(islice(rest, BATCH)), []))
