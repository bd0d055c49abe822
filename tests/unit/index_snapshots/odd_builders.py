"""Builders with another pace than the real ones: too late, at once, and in the wrong order."""

from index_snapshots.builder import Built
from index_snapshots.merge import Merge, Segment, merge


class LateBuilder:
    """Is never done before the writer has to wait for it, and then does the newest of all merges first."""

    cpu_s = 0.0

    def __init__(self) -> None:
        self._waiting: list[_Late] = []

    def start(self, job: Merge) -> Built:
        self._waiting.append(_Late(self, job))
        return self._waiting[-1]

    def close(self) -> None:
        """Nothing is under way."""

    def build_all(self) -> None:
        while self._waiting:
            self._waiting.pop().build()


class _Late:
    done = False

    def __init__(self, builder: LateBuilder, job: Merge) -> None:
        self._builder = builder
        self._job = job
        self._segment: Segment | None = None

    def hurry(self) -> None:
        """It does not."""

    def build(self) -> None:
        self._segment = merge(self._job)

    def result(self) -> Segment:
        self._builder.build_all()
        assert self._segment is not None
        return self._segment


class EarlyBuilder:
    """Is done before the writer goes on; `every`: only with every so manieth merge, with the others when asked."""

    cpu_s = 0.0

    def __init__(self, every: int = 1) -> None:
        self._every = every
        self._started = 0

    def start(self, job: Merge) -> Built:
        self._started += 1
        return _Early(job, early=self._started % self._every == 0)

    def close(self) -> None:
        """Nothing is under way."""


class _Early:
    def __init__(self, job: Merge, *, early: bool) -> None:
        self._job = job
        self._segment = merge(job) if early else None

    @property
    def done(self) -> bool:
        return self._segment is not None

    def hurry(self) -> None:
        """It is done, or it does not."""

    def result(self) -> Segment:
        if self._segment is None:
            self._segment = merge(self._job)
        return self._segment
