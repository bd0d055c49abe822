"""Which files the bodies of a snapshot lie in: those that earlier snapshots wrote stay, new rows get one of their own.

A body stays the same as long as its row lives. So a file holds the bodies of a range of rows, what dies later stays in
it, and it is written again when more of it is dead than alive. Every snapshot after the first writes what has changed.
"""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from index_snapshots.manifest import StoredFile
from index_snapshots.parts import Rows

PIECE_ROWS_MAX: Final = 65_536
"""Bodies of one file."""
LIVING_SHARE_MIN: Final = 1 / 2
"""Fewer of a file's bodies alive: it is written again without the dead ones."""
SPARE_PIECES: Final = 32
"""So many files more than twice as many as full ones would be: beyond, all are written again."""


class Piece(NamedTuple):
    """A file of an earlier snapshot."""

    begin: int
    end: int
    """Numbers of its rows: `begin` to `end - 1`, those that lived when it was written."""
    bodies: int
    """How many these were."""
    file: StoredFile


class Span(NamedTuple):
    """Living rows that lie in one file."""

    begin: int
    end: int
    rows: int
    """How many of them live now."""
    piece: Piece | None
    """Where they lie already; None: they are to be written."""


def plan(pieces: Sequence[Piece], rows: Rows) -> list[Span]:
    """In the order of the rows. `pieces`: of the snapshot before; `rows`: numbers of all living rows, ascending."""
    spans: list[Span] = []
    for piece in pieces:
        living = _living(rows, piece.begin, piece.end)
        worn = living < LIVING_SHARE_MIN * piece.bodies
        _push(spans, Span(piece.begin, piece.end, living, None if worn else piece))
    begin, end = pieces[-1].end if pieces else 0, int(rows[-1]) + 1 if len(rows) else 0
    _push(spans, Span(begin, end, _living(rows, begin, end), None))
    if len(spans) > pieces_max(len(rows)):
        spans = [Span(0, end, len(rows), None)]
    return [part for span in spans for part in _cut(span, rows)]


def pieces_max(rows: int) -> int:
    """Of so many living rows."""
    return 2 * -(-rows // PIECE_ROWS_MAX) + SPARE_PIECES


def _push(spans: list[Span], span: Span) -> None:
    """What is written anyway takes the neighbours that are no larger with it: so files stay few, and cheap to keep."""
    if not span.rows:
        return
    while spans and _joins(spans[-1], span):
        before = spans.pop()
        span = Span(before.begin, span.end, before.rows + span.rows, None)
    spans.append(span)


def _joins(before: Span, span: Span) -> bool:
    if before.rows + span.rows > PIECE_ROWS_MAX:
        return False
    return (span.piece is None and before.rows <= span.rows) or (before.piece is None and span.rows <= before.rows)


def _cut(span: Span, rows: Rows) -> Iterator[Span]:
    """In parts that fit into a file."""
    if span.piece is not None or span.rows <= PIECE_ROWS_MAX:
        yield span
        return
    inside = rows[slice(*rows.searchsorted([span.begin, span.end]).tolist())]
    begins = [span.begin, *inside[PIECE_ROWS_MAX::PIECE_ROWS_MAX].tolist(), span.end]
    for at, begin in enumerate(begins[:-1]):
        yield Span(begin, begins[at + 1], min(PIECE_ROWS_MAX, span.rows - at * PIECE_ROWS_MAX), None)


def _living(rows: Rows, begin: int, end: int) -> int:
    first, last = rows.searchsorted([begin, max(begin, end)]).tolist()
    return int(last - first)
