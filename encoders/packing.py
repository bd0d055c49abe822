"""Sorts texts by length and cuts them into the small batches an engine is fast with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class Shapes:
    """Input shapes an engine is fast with. Empty `lengths` or `rows` mean that any number is as good."""

    tokens_per_run: int
    """Most tokens in one run, padding included; one text longer than that runs alone."""
    lengths: tuple[int, ...] = ()
    """Ascending lengths in tokens; a batch is padded to the next one. A longer batch keeps its own length."""
    rows: tuple[int, ...] = ()
    """Ascending numbers of rows, beginning with 1; a batch takes the largest that its texts fill, so no row is padding."""


class Pack(NamedTuple):
    """One run of an engine."""

    members: tuple[int, ...]
    """Positions of its texts in the caller's list."""
    length: int
    """Tokens every row is padded to."""


def pack(token_counts: Sequence[int], shapes: Shapes) -> list[Pack]:
    """Every text exactly once, longest first, in runs of similar length. Equal lengths keep their order."""
    longest_first = sorted(range(len(token_counts)), key=lambda i: -token_counts[i])
    packs: list[Pack] = []
    start = 0
    while start < len(longest_first):
        length = _padded_length(token_counts[longest_first[start]], shapes.lengths)
        rows = _rows(len(longest_first) - start, length, shapes)
        packs.append(Pack(tuple(longest_first[start : start + rows]), length))
        start += rows
    return packs


def _padded_length(tokens: int, lengths: tuple[int, ...]) -> int:
    return next((length for length in lengths if length >= tokens), tokens)


def _rows(waiting: int, length: int, shapes: Shapes) -> int:
    most = max(1, min(waiting, shapes.tokens_per_run // max(1, length)))
    return max((rows for rows in shapes.rows if rows <= most), default=most)
