"""Sorts texts by length and cuts them into the runs that cost an engine least."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class Shapes:
    """Input shapes an engine is fast with. Empty `lengths` or `rows` mean that any number is as good."""

    tokens_per_run: int
    """Most tokens in one run, padding included; one text longer than that runs alone."""
    run_cost_tokens: int = 0
    """What starting a run costs, in tokens that could have been computed meanwhile."""
    lengths: tuple[int, ...] = ()
    """Ascending lengths in tokens; a batch is padded to the next one. A longer batch keeps its own length."""
    rows: tuple[int, ...] = ()
    """Ascending numbers of rows a run may have, beginning with 1; no row is ever padding."""


class Pack(NamedTuple):
    """One run of an engine."""

    members: tuple[int, ...]
    """Positions of its texts in the caller's list."""
    length: int
    """Tokens every row is padded to."""


def pack(token_counts: Sequence[int], shapes: Shapes) -> list[Pack]:
    """Every text exactly once, longest first, in the cheapest runs: padding is paid for, and so is starting a run."""
    order = sorted(range(len(token_counts)), key=lambda i: -token_counts[i])
    lengths = [_padded_length(token_counts[i], shapes.lengths) for i in order]
    packs: list[Pack] = []
    start = 0
    for rows in _cheapest_rows(lengths, shapes):
        packs.append(Pack(tuple(order[start : start + rows]), lengths[start]))
        start += rows
    return packs


def _cheapest_rows(lengths: Sequence[int], shapes: Shapes) -> Iterator[int]:
    """Numbers of rows of the runs that cut the descending lengths at the least cost (dynamic programming, exact)."""
    count = len(lengths)
    cost_from = [0] * (count + 1)
    rows_from = [0] * count
    for start in range(count - 1, -1, -1):
        length = lengths[start]
        cost, rows = min(
            (shapes.run_cost_tokens + rows * length + cost_from[start + rows], -rows)
            for rows in _possible_rows(count - start, length, shapes)
        )
        cost_from[start], rows_from[start] = cost, -rows
    start = 0
    while start < count:
        yield rows_from[start]
        start += rows_from[start]


def _padded_length(tokens: int, lengths: tuple[int, ...]) -> int:
    return next((length for length in lengths if length >= tokens), tokens)


def _possible_rows(waiting: int, length: int, shapes: Shapes) -> Sequence[int]:
    most = max(1, min(waiting, shapes.tokens_per_run // max(1, length)))
    return [rows for rows in shapes.rows if rows <= most] or range(1, most + 1)
