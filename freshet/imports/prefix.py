"""How many rows of a file are done without a gap, while requests are answered out of order."""

from heapq import heappop, heappush


class Prefix:
    """Places are numbered from 0."""

    def __init__(self, rows: int = 0, last_number: int = 0) -> None:
        self.rows = rows
        """Rows 0 .. rows-1 are done: acknowledged, rejected, or left out."""
        self.last_number = last_number
        """Number (`Row.number`) of the last of them."""
        self._beyond: list[tuple[int, int, bool]] = []

    def done(self, place: int, number: int, *, sent: bool) -> None:
        """Call it once for each place. `sent`: it was acknowledged, not rejected or left out."""
        heappush(self._beyond, (place, number, sent))
        while self._beyond and self._beyond[0][0] == self.rows:
            _, self.last_number, _ = heappop(self._beyond)
            self.rows += 1

    @property
    def beyond(self) -> int:
        """Rows that were acknowledged behind a gap: they are sent again when the import goes on from `rows`."""
        return sum(sent for _, _, sent in self._beyond)
