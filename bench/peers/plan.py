"""How much of the workload one engine gets, and for how long: the same for every engine of a run."""

from dataclasses import dataclass

from bench.workload import DEFAULT_SEED, Workload

DIM = 384
LIMIT = 10
QUERIES = 500
"""Different ones; they come round again."""
CLIENTS = 4
TUNED_BY = 500
"""So many of the queries choose `ef`."""
GROUP_ASKED = 3


@dataclass(frozen=True)
class Plan:
    rows: int
    rate: float
    """Upserts per second."""
    seconds: float
    """Length of the stream with one searching client. The other parts are fractions of it."""
    seed: int = DEFAULT_SEED
    clients: int = CLIENTS
    queries: int = QUERIES
    tuned_by: int = TUNED_BY

    @property
    def workload(self) -> Workload:
        return Workload(self.rows, DIM, self.seed)

    @property
    def static_s(self) -> float:
        """Of one client alone, and then of all clients, before the stream."""
        return self.seconds / 6

    @property
    def crowded_s(self) -> float:
        """Of all clients while upserts stream in."""
        return self.seconds / 3

    @property
    def probing_s(self) -> float:
        """Of looking for upserts that have just been acknowledged."""
        return self.seconds / 3

    @property
    def measured_s(self) -> float:
        return 2 * self.static_s + self.seconds + self.crowded_s + self.probing_s

    @property
    def upserts_max(self) -> int:
        """As many as are due when each part takes as long as planned, and half as many again."""
        return int(1.5 * self.rate * (self.seconds + self.crowded_s + self.probing_s)) + 1
