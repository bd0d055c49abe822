"""A scrub reads all that a pinned view holds and hashes it again: digests kept up by each change miss a flipped bit."""

from collections.abc import Callable, Iterator
from typing import Final, Protocol

from index_snapshots.digests import MODULUS
from schemas.digests import Digest

CHUNK_SLOTS: Final = 16
"""Hashed in one go, about 0.1 ms: for so long a search may wait for the interpreter. Without pauses 5 to 15 ms."""


class Scrubbable(Protocol):
    """What a view must tell for it. The hashes are of what is stored, not of what is remembered of it."""

    @property
    def slots(self) -> int:
        """Places 0 .. slots - 1, one per SKU that was ever remembered."""

    @property
    def digest_documents(self) -> str: ...
    @property
    def digest_offers(self) -> str: ...
    def document_hash(self, slot: int) -> int:
        """0 when no document is remembered."""

    def offer_hash(self, slot: int) -> int: ...


class Scrub:
    """One pass over one view. Iterate to do the work, a chunk a step; then `differing` says what it found.

    What cannot be read any more is a difference too, and no reason to stop.
    """

    def __init__(self, view: Scrubbable, wrong: Callable[[int], Digest | None] = lambda slot: None) -> None:
        """`wrong`: which side of a slot is wrong though its hash may be right."""
        self._view = view
        self._wrong = wrong
        self._hashes: dict[Digest, Callable[[int], int]] = {
            "documents": view.document_hash,
            "offers": view.offer_hash,
        }
        self._sums: dict[Digest, int] = dict.fromkeys(self._hashes, 0)
        self._unreadable: set[Digest] = set()
        """Or wrong beyond what the sums tell."""

    def __iter__(self) -> Iterator[int]:
        """Yields how many slots are done."""
        for start in range(0, self._view.slots, CHUNK_SLOTS):
            end = min(start + CHUNK_SLOTS, self._view.slots)
            for slot in range(start, end):
                self._add(slot)
            yield end

    def _add(self, slot: int) -> None:
        for digest, hash_of in self._hashes.items():
            try:
                self._sums[digest] += hash_of(slot)
            except Exception:  # noqa: BLE001  a changed number may point anywhere
                self._unreadable.add(digest)
        try:
            wrong = self._wrong(slot)
        except Exception:  # noqa: BLE001  as above
            wrong = "documents"
        if wrong is not None:
            self._unreadable.add(wrong)

    def differing(self) -> list[Digest]:
        """Of a whole pass: the digests that are not what the log made them."""
        made: dict[Digest, str] = {"documents": self._view.digest_documents, "offers": self._view.digest_offers}
        return [
            digest
            for digest, total in self._sums.items()
            if digest in self._unreadable or total % MODULUS != int(made[digest], 16)
        ]


def scrub(view: Scrubbable) -> list[Digest]:
    """All at once."""
    whole = Scrub(view)
    for _ in whole:
        pass
    return whole.differing()
