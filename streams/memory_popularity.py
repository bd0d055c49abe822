"""Popularity in memory, for unit tests: the same contract tests run on it and on Redis."""

from schemas.errors import Unavailable
from streams.popularity import Tally


class MemoryPopularity:
    """See `PopularityStore`; fails with `error` while that is set."""

    def __init__(self) -> None:
        self.error: Unavailable | None = None
        self.kept: dict[int, Tally] = {}

    async def put(self, partition: int, tally: Tally) -> None:
        self._fail()
        self.kept[partition] = tally._replace(counts=dict(tally.counts))

    async def read(self, partition: int) -> Tally | None:
        self._fail()
        return self.kept.get(partition)

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error
