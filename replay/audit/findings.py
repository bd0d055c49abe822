"""What an audit counts, and what it found wrong: one line for each event, record or row."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple

FINDINGS_MAX: Final = 1_000
"""Named one by one; of later ones only how many there were. A damaged log could name every event."""

Kind = Literal["lost", "twice", "invented", "differs", "missing", "goes back", "stale"]
"""`lost`: an event without an outcome. `twice`: decided or written twice. `invented`: nothing in `catalog` leads to
it. `differs`: not what the rules make of its event. `missing`: a record that should be there. `goes back`: older after
newer. `stale`: a replica holds a row that is not what the log says."""


class Finding(NamedTuple):
    kind: Kind
    where: str
    """A topic with its partition, or a replica."""
    sku: str
    event_id: str
    """Of the event that it is about; empty where none is known."""
    message: str


@dataclass
class Tally:
    """Of one partition, or of several together."""

    events: int = 0
    """Read from `catalog` and decided again."""
    outcomes: Counter[str] = field(default_factory=Counter)
    """How many of each kind the rules say; `embed`'s corrections included."""
    records: Counter[str] = field(default_factory=Counter)
    """Equal to what the rules make, by topic."""
    documents: int = 0
    """SKUs whose newest content is embedded."""
    waiting: int = 0
    """SKUs whose newest content `embed` has not come to yet."""
    not_kept: int = 0
    """Events whose outcomes retention has removed."""
    compacted: int = 0
    """Records that a newer one of their SKU replaced, beyond the horizon."""
    rows: Counter[str] = field(default_factory=Counter)
    """SKUs compared, by replica."""
    not_compared: dict[str, str] = field(default_factory=dict)
    """Replicas that did not answer, and why."""
    findings: list[Finding] = field(default_factory=list)
    found: int = 0
    """All findings, those that are not named included."""

    def find(self, kind: Kind, where: str, sku: str, event_id: str, message: str) -> None:
        self.found += 1
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(Finding(kind, where, sku, event_id, message))

    def add(self, other: "Tally") -> None:
        self.events += other.events
        self.outcomes += other.outcomes
        self.records += other.records
        self.documents += other.documents
        self.waiting += other.waiting
        self.not_kept += other.not_kept
        self.compacted += other.compacted
        self.rows += other.rows
        self.not_compared |= other.not_compared
        self.findings += other.findings[: FINDINGS_MAX - len(self.findings)]
        self.found += other.found

    def facts(self) -> dict[str, Any]:
        return {
            "events": self.events,
            "outcomes": dict(sorted(self.outcomes.items())),
            "records": dict(sorted(self.records.items())),
            "documents": self.documents,
            "waiting": self.waiting,
            "not_kept": self.not_kept,
            "compacted": self.compacted,
            "rows": dict(sorted(self.rows.items())),
            "not_compared": dict(sorted(self.not_compared.items())),
            "found": self.found,
            "findings": [one._asdict() for one in self.findings],
        }
