"""A Redis client that keeps deadlines."""

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

CONNECTIONS_MAX = 64
"""Of one process; more commands at once wait for a free one, at most the timeout."""


def connect(url: str, timeout_s: float) -> "redis.Redis":
    """Connects to nothing yet. Each step of a command takes at most `timeout_s`.

    redis-py's own retries turn a 50 ms limit into seconds, so they are off.
    """
    pool = redis.BlockingConnectionPool.from_url(
        url,
        max_connections=CONNECTIONS_MAX,
        timeout=timeout_s,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), 0),
    )
    return redis.Redis.from_pool(pool)
