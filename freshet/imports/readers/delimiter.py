"""Finds what separates the columns of a table of text: the character that cuts most lines into equally many cells."""

import csv
from collections import Counter
from collections.abc import Sequence

DELIMITERS = ",;\t|"
LINES_MAX = 50
"""Rows that are looked at."""
EXCEL_MARK = "sep="
"""A first line `sep=;` tells Excel, and us."""


def delimiter_of(lines: Sequence[str], usual: str = ",") -> str:
    """Of whole lines with their ends; `usual` where nothing separates anything. Pure."""
    first = lines[0].rstrip("\r\n") if lines else ""
    if first.lower().startswith(EXCEL_MARK) and len(first) == len(EXCEL_MARK) + 1:
        return first[-1]
    scores = {delimiter: _score(lines, delimiter) for delimiter in (usual, *DELIMITERS)}
    best = max(scores, key=lambda delimiter: scores[delimiter])
    return best if scores[best] > (0.0, 0) else usual


def _score(lines: Sequence[str], delimiter: str) -> tuple[float, int]:
    """Share of the rows that have as many cells as most, and that number; nothing for a single column."""
    widths: Counter[int] = Counter()
    try:
        for row in csv.reader(lines, delimiter=delimiter, strict=False):
            if row:
                widths[len(row)] += 1
            if widths.total() >= LINES_MAX:
                break
    except csv.Error:
        return 0.0, 0
    if not widths:
        return 0.0, 0
    cells, rows = widths.most_common(1)[0]
    return (rows / widths.total(), cells) if cells > 1 else (0.0, 0)
