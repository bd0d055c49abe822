"""Asks replicas that differ for more: a scrub at once, and in which bucket of products they differ first."""

from typing import Final, Protocol

import aiohttp
from yarl import URL

from schemas.digests import DIGEST_HEADER, OFFSET_HEADER, Digest

TRIES: Final = 10
"""Two replicas are compared at one offset: while events stream the second may be past it when it is asked."""
TIMEOUT_S: Final = 120.0
"""A million products take 10 s of work at half a core."""


class Examine(Protocol):
    """What a watch of the shards needs. Never raises for what the other side does."""

    async def scrub(self, address: str) -> None: ...
    async def first_bucket(self, partition: int, digest: Digest, one: str, other: str) -> int | None:
        """The first bucket in which the replicas at two addresses differ; None: none, or nobody could tell."""


class Examiner:
    """An `Examine` over HTTP."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def scrub(self, address: str) -> None:
        try:
            async with self._session.post(f"{address}/scrub", timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)):
                pass
        except (aiohttp.ClientError, TimeoutError, OSError):
            return  # it does not answer: that is told elsewhere

    async def first_bucket(self, partition: int, digest: Digest, one: str, other: str) -> int | None:
        if digest == "structure":  # it is of rows and files, not of products
            return None
        for _ in range(TRIES):
            try:
                pairs = await self._both(partition, digest, one, other)
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError):
                continue
            return next((at for at, (mine, theirs) in enumerate(pairs) if mine != theirs), None)
        return None

    async def _both(self, partition: int, digest: Digest, one: str, other: str) -> list[tuple[str, str]]:
        """The buckets of both, bucket by bucket."""
        asked = {"partition": str(partition), "digest": digest}
        async with self._get(one, asked) as first:
            same = {"offset": first.headers[OFFSET_HEADER], "made": first.headers[DIGEST_HEADER]}
            async with self._get(other, {**asked, **same}) as second:
                mine, theirs = (await first.json())["buckets"], (await second.json())["buckets"]
        return list(zip(mine, theirs, strict=True))

    def _get(self, address: str, asked: dict[str, str]) -> "aiohttp.client._RequestContextManager":
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        return self._session.get(URL(f"{address}/buckets").with_query(asked), timeout=timeout, raise_for_status=True)
