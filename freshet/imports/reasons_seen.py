"""Why rows were rejected: how many for each reason and field, and the first lines as examples."""

from dataclasses import dataclass, field
from typing import Any

from freshet.imports.product_lines import Refused

LINES_SHOWN = 5
"""First line numbers kept for each reason and field."""
KINDS_MAX = 100
"""Reasons and fields told apart; what comes later counts for its reason only."""


@dataclass
class Seen:
    count: int
    lines: list[int]
    message: str


@dataclass
class Reasons:
    counts: dict[str, int] = field(default_factory=dict)
    """By reason."""
    kinds: dict[tuple[str, str], Seen] = field(default_factory=dict)
    """By reason and field; the field is empty where none is to blame."""

    def add(self, row: Refused) -> None:
        self.counts[row.reason] = self.counts.get(row.reason, 0) + 1
        kind = (row.reason, row.problems[0][0] if row.problems else "")
        seen = self.kinds.get(kind)
        if seen is None and len(self.kinds) < KINDS_MAX:
            seen = self.kinds[kind] = Seen(0, [], row.message)
        if seen is not None:
            seen.count += 1
            if len(seen.lines) < LINES_SHOWN:
                seen.lines.append(row.number)

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    def examples(self) -> list[dict[str, Any]]:
        """Most frequent first."""
        ordered = sorted(self.kinds.items(), key=lambda item: (-item[1].count, item[0]))
        return [
            {"reason": reason, "field": name, "count": seen.count, "lines": seen.lines, "message": seen.message}
            for (reason, name), seen in ordered
        ]
