"""The whole scrub of a shard: records by their digests, what is derived from them, and the files of the segments."""

from collections.abc import Iterator

from index_snapshots.scrub import Scrub
from index_snapshots.scrub_derived import Derived
from index_snapshots.scrub_files import SegmentFiles
from index_snapshots.view import ShardView
from schemas.digests import Digest


class WholeScrub:
    """One pass over one view. Iterate to do the work, a small step at a time."""

    def __init__(self, view: ShardView) -> None:
        self._derived = Derived(view)
        self._records = Scrub(view, self._derived.wrong)
        self._files = SegmentFiles(view.vectors)

    def __iter__(self) -> Iterator[int]:
        yield from self._records
        yield from self._files

    @property
    def damaged_files(self) -> list[str]:
        return self._files.damaged

    def differing(self) -> list[Digest]:
        """Of a whole pass: what is not what the log made it."""
        found = self._records.differing()
        structure = bool(self._files.damaged) or self._derived.extra_rows()
        return [*found, "structure"] if structure else found
