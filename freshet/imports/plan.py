"""What an import is to do, and how far it is."""

from collections.abc import Callable
from dataclasses import dataclass, field

from freshet.imports.mapping_file import FieldMapping
from freshet.imports.prefix import Prefix
from freshet.imports.readers.rows import Source
from freshet.imports.reasons_seen import Reasons
from freshet.imports.rejected import RejectedFile

BATCH_DEFAULT = 200


@dataclass(frozen=True)
class ImportPlan:
    source: Source
    mapping: FieldMapping | None
    rejected: RejectedFile
    limit: int | None = None
    batch: int = BATCH_DEFAULT
    lag_s: float = 20.0
    done: Prefix = field(default_factory=Prefix)
    """Rows that an earlier run has done are skipped."""
    saw_sku: Callable[[str], None] | None = None
    """Is told the SKU of every product in the file, those of skipped rows too."""
    save: Callable[["Tally"], None] | None = None
    """Is called after each answer; `done` says what is done."""


@dataclass
class Tally:
    """How far an import is."""

    lines: int = 0
    sent: int = 0
    acknowledged: int = 0
    left_out: int = 0
    """Rows that the mapping's `only` leaves out."""
    cuts: int = 0
    slowed: int = 0
    """Requests that were put off: 429, 503, or nobody answered."""
    share: float = 0.0
    """Of the file that was read, 0..1."""
    share_before: float = 0.0
    """Where this run began."""
    first_ack_s: float | None = None
    last_line: int = 0
    at_end: bool = False
    """Whether the file was read to its end."""
    reasons: Reasons = field(default_factory=Reasons)

    @property
    def rejected(self) -> int:
        return self.reasons.total
