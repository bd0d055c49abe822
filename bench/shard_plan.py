"""How long and how hard `freshet bench shard` measures."""

from dataclasses import dataclass
from typing import Any, Final

from bench.workload import DEFAULT_SEED, Workload

LEG_CHURN: Final = 0.25
"""So much of the catalogue is replaced between two measurements of recall."""


@dataclass(frozen=True)
class ShardPlan:
    """Raises ValueError when a figure is not positive."""

    rows: int
    dim: int
    rate: float
    """Upserts a second."""
    churn: float
    """Upserts of the in-process stream, as a multiple of `rows`."""
    window_s: float = 5.0
    """Longest stretch of one kind of measurement; kinds take turns, so that drift of the machine meets all."""
    static_rounds: int = 3
    """Windows of each kind on the fully merged shard, before the stream; one more after it."""
    fast_rate: float = 2_000.0
    fast_s: float = 30.0
    http_s: float = 100.0
    """Length of the stream over HTTP."""
    clients: int = 4
    queries: int = 1_000
    judged: int = 300
    """So many queries are compared with the exact truth."""
    seed: int = DEFAULT_SEED

    def __post_init__(self) -> None:
        for name in ("rows", "rate", "churn", "window_s", "fast_rate", "fast_s", "http_s", "clients", "judged"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")

    @property
    def workload(self) -> Workload:
        return Workload(self.rows, self.dim, self.seed)

    @property
    def legs(self) -> list[int]:
        """Upserts at the end of each leg of the stream."""
        total, leg = round(self.churn * self.rows), max(1, round(LEG_CHURN * self.rows))
        return [*range(leg, total, leg), total]

    @property
    def http_legs(self) -> list[int]:
        """The stream over HTTP in two legs, so that what it leaves is measured between them."""
        total = max(2, round(self.http_s * self.rate))
        return [total // 2, total]

    @property
    def fast_upserts(self) -> int:
        return round(self.fast_rate * self.fast_s)

    @property
    def records(self) -> int:
        """The longest stretch of the log that any part needs."""
        return self.rows + max(self.legs[-1], self.http_legs[-1]) + self.fast_upserts

    def told(self) -> dict[str, Any]:
        """What a reader of the figures must know."""
        names = (
            "rows",
            "dim",
            "rate",
            "churn",
            "window_s",
            "fast_rate",
            "fast_s",
            "http_s",
            "clients",
            "judged",
            "seed",
        )
        return {name: getattr(self, name) for name in names}
