"""Digests at fixed offsets: what two replicas compare under load, though their batches and their pace differ.

A checkpoint of a topic is due at its first record at or past each multiple of `every`, and is of the state exactly
after that record. Documents' digest depends on nothing but the documents before it, offers' on nothing but the offers,
so how the two were interleaved does not matter. Checkpoints are not part of a snapshot: a restored shard begins with
none and makes those of the tail that it replays, so they always tell of what is in memory now.
"""

from collections.abc import Callable
from typing import Final

from index_snapshots.digests import hexadecimal
from index_snapshots.protocol import Offsets, Topic, View
from schemas.digests import Checkpoint, Checkpoints

CHECKPOINTS_KEPT: Final = 8


class CheckpointLog:
    """The last ones of each topic. `due` and `note` belong to the thread that writes, `kept` to any."""

    def __init__(self, every: int, offsets: Offsets, structure: Callable[[], int] | None = None) -> None:
        """`offsets`: those of the state to begin from. `structure`: the writer's digest of its segments, if it has any.

        A multiple at a hole right before `offsets` may be left out, when its record came in an earlier life.
        """
        self._every = every
        self._structure = structure
        self._passed: dict[Topic, int] = {
            "documents": (offsets.documents - 1) // every,
            "offers": (offsets.offers - 1) // every,
        }
        self.kept = Checkpoints()

    def due(self, topic: Topic, offset: int) -> bool:
        """Whether the record at `offset` is the first at or past a multiple; each record is asked about once."""
        multiple = offset // self._every
        if multiple <= self._passed[topic]:
            return False
        self._passed[topic] = multiple
        return True

    def note(self, topic: Topic, view: View) -> None:
        """`view` holds that record and nothing of its topic after it."""
        if topic == "documents":
            structure = "" if self._structure is None else hexadecimal(self._structure())
            made = Checkpoint(offset=view.offsets.documents, digest=view.digest_documents, structure=structure)
        else:
            made = Checkpoint(offset=view.offsets.offers, digest=view.digest_offers)
        before: list[Checkpoint] = getattr(self.kept, topic)
        self.kept = self.kept.model_copy(update={topic: [*before, made][-CHECKPOINTS_KEPT:]})
