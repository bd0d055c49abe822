"""Goes on where an earlier run of the same import stopped, and remembers how far this one is."""

from pathlib import Path
from typing import Any

from freshet.imports.checkpoint import Checkpoint, CheckpointFile, Terms, identity_of
from freshet.imports.plan import Tally
from freshet.imports.prefix import Prefix
from freshet.imports.rejected import RejectedFile
from freshet.printing import say


class Progress:
    """`begin` first, `save` after each answer, `end` at the end."""

    def __init__(
        self, data: Path, file: Path, shop: str, terms: Terms, rejected: RejectedFile, ends: dict[int, int]
    ) -> None:
        """`ends`: the end of `catalog` by partition now; empty for an import that does not read Kafka."""
        self._kept = CheckpointFile(data, file, shop)
        self._identity = identity_of(file, terms)
        self._file = file
        self._terms = terms
        self._rejected = rejected
        self._warned = False
        self.began = ends
        self.done = Prefix()
        self.skipped = 0
        self.rejected_before = 0

    def begin(self, *, restart: bool) -> None:
        """Takes up an earlier run, unless the file, how it is read, or the log has changed since."""
        found = None if restart else self._kept.read()
        if found is None or not found.rows:
            return
        if found.identity != self._identity:
            say(f"{self._file}, its mapping or the shop has changed since the import that stopped: it begins anew")
            return
        began = {int(partition): offset for partition, offset in found.began.items()}
        if any(began.get(partition, end + 1) > end for partition, end in self.began.items()):
            say(f"the shop's log does not hold what {self._file} has sent before: the import begins anew")
            return
        if found.rejected:  # else the file that lies there is of an older import
            self._rejected.go_on(found.last_number)
        self.done = Prefix(found.rows, found.last_number)
        self.skipped, self.rejected_before = found.rows, found.rejected
        self.began = began
        say(f"going on at row {found.rows + 1:,}: an earlier run did {found.rows:,} (--restart begins anew)")

    def save(self, tally: Tally) -> None:
        """A disk that takes no more does not stop the import: only going on would begin earlier."""
        began = {str(partition): offset for partition, offset in self.began.items()}
        rejected = self.rejected_before + tally.rejected
        try:
            self._kept.write(Checkpoint(self._identity, self.done.rows, self.done.last_number, rejected, began))
        except OSError as error:
            if not self._warned:
                say(f"note: cannot remember how far the import is: {error}")
            self._warned = True

    def file_changed(self) -> bool:
        """Whether the file is another one than when the import began, or is gone: then nobody knows what was read."""
        try:
            return identity_of(self._file, self._terms) != self._identity
        except OSError:
            return True

    def end(self, *, finished: bool, file_changed: bool = False) -> dict[str, Any]:
        """Figures of going on. The next import of a file that changed begins anew."""
        if finished or file_changed:
            self._kept.remove()
        anew = {"goes_on_at": 1, "sent_twice": self.done.rows + self.done.beyond} if file_changed else {}
        figures = {
            "file_changed": file_changed,
            "skipped": self.skipped,
            "rejected_before": self.rejected_before,
            "goes_on_at": None if finished else self.done.rows + 1,
            "sent_twice": 0 if finished else self.done.beyond,
        }
        return figures | anew
