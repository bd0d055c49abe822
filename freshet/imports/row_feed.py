"""The rows of a file that are still to be done, as events; those that give none are entered at once."""

from collections.abc import Callable, Iterator
from itertools import chain, islice

from freshet.imports.plan import ImportPlan, Tally
from freshet.imports.product_lines import LeftOut, Ready, Refused, prepare
from freshet.imports.readers.rows import Row

PAUSE_ROWS = 200
"""After so many rows that gave no event the rest of the program has its turn."""


class RowFeed:
    """`stopped` is asked while rows are skipped."""

    def __init__(self, plan: ImportPlan, tally: Tally, stopped: Callable[[], bool]) -> None:
        self._plan = plan
        self._tally = tally
        self._done = plan.done
        self._stopped = stopped
        self._size = max(1, plan.source.size_bytes)

    def rows(self) -> Iterator[tuple[int, Row]]:
        """The rows that are still to be done, with their places. Blocking: those that are skipped are read, too."""
        rows = enumerate(islice(self._plan.source.rows(), self._plan.limit))
        for place, row in rows:
            if self._stopped():
                break
            if place >= self._done.rows:
                return chain([(place, row)], rows)
            if self._plan.saw_sku:
                made = prepare(row, self._plan.mapping)
                if isinstance(made, Ready):
                    self._plan.saw_sku(made.sku)
        self._tally.at_end = not self._stopped()
        return iter(())

    def events(self, rows: Iterator[tuple[int, Row]]) -> Iterator[Ready | None]:
        """None now and then while rows give no event."""
        without_event = 0
        for place, row in rows:
            self._note_row(place, row)
            made = prepare(row, self._plan.mapping)
            if isinstance(made, Ready):
                self._tally.cuts += made.cuts
                if self._plan.saw_sku:
                    self._plan.saw_sku(made.sku)
                yield made._replace(place=place)
                continue
            if isinstance(made, LeftOut):
                self._tally.left_out += 1
            else:
                self.reject(made)
            self._done.done(place, row.number, sent=False)
            without_event += 1
            if without_event % PAUSE_ROWS == 0:
                yield None
        self._tally.at_end = True

    def _note_row(self, place: int, row: Row) -> None:
        self._tally.lines += 1
        self._tally.last_line = row.number
        self._tally.share = min(1.0, row.bytes_read / self._size)
        if self._plan.limit:
            self._tally.share = max(self._tally.share, (place + 1) / self._plan.limit)
        if self._tally.lines == 1:
            self._tally.share_before = self._tally.share

    def reject(self, line: Refused) -> None:
        self._tally.reasons.add(line)
        self._plan.rejected.add(line)
