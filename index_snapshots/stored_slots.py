"""The slot of each product beside a snapshot's words, which know products by their slots and not by their SKUs.

A file is compressed (`frames.py`): for each state, which are in the order of their SKUs, by how much its slot is larger
than that of the state before, int32, little-endian. What came in the order of its SKUs takes next to nothing.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from index_snapshots.checksums import damage
from index_snapshots.frames import SMALL_FRAME_BYTES, compressed, decompressed
from index_snapshots.manifest import Manifest
from index_snapshots.search import Slots

PART: Final = "slots"
STEP: Final = np.dtype("<i4")


def packed_slots(slots: Slots) -> Iterator[bytes]:
    """`slots`: of the states in their order, (n,), none of them twice."""
    return compressed([np.diff(slots, prepend=0).astype(STEP).tobytes()], SMALL_FRAME_BYTES)


def states_by_slot(folder: Path, manifest: Manifest, count: int) -> npt.NDArray[np.int64] | None:
    """Which of the `count` states is to have slot 0, 1, ...: (count,). None: the snapshot does not say, or what it says
    is damaged; then they may have the order that they have, and the words are made good from the bodies.

    Slots that nobody has any more are filled by the last ones, whose words are made good too. Raises ValueError where
    there are not `count` different ones.
    """
    file = manifest.files.get(PART)
    if file is None or damage(folder / file.name, file, every_byte=True):
        return None
    slots = np.cumsum(np.frombuffer(b"".join(decompressed([(folder / file.name).read_bytes()])), STEP), dtype=np.int64)
    if len(slots) != count or len(np.unique(slots)) != count or (slots < 0).any():
        raise ValueError(f"{count} states, {len(slots)} slots")
    found = np.full(count, -1, dtype=np.int64)
    kept = slots < count
    found[slots[kept]] = np.flatnonzero(kept)
    found[found < 0] = np.flatnonzero(~kept)[np.argsort(slots[~kept], kind="stable")]
    return found
