"""A shard's state is put aside, not deleted, when it is to be built anew: it may tell why it was wrong.

The wish is a file in the shard's folder, so that it is kept by whoever starts the shard next, after a crash too.
"""

import os
import shutil
from pathlib import Path
from typing import Final, Literal

from index_snapshots.folder import FROM_LOG, LOCK, flush

WISH: Final = "rebuild"
ASIDE: Final = "set-aside"
ASIDE_MAX: Final = 2
"""States that are kept per shard, the newest: each is as large as the shard."""

Source = Literal["store", "log"]
"""Where the shard begins: from the newest snapshot of the store, if there is one, or from the log alone."""


def ask_rebuild(folder: Path, source: Source) -> None:
    """To be done at the shard's next start."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WISH).write_text(source, encoding="ascii")
    flush(folder)


def set_aside(folder: Path, now_ms: int) -> Source | None:
    """Puts the state aside where that was asked for, and says from where it begins; None: nothing was asked.

    For the owner of the folder. Cut off anywhere it is done again, or was done.
    """
    try:
        source: Source = "log" if (folder / WISH).read_text(encoding="ascii") == "log" else "store"
    except FileNotFoundError:
        return None
    place = folder.parent.parent / ASIDE / f"{folder.name}-{now_ms}"
    place.mkdir(parents=True, exist_ok=True)
    for path in [path for path in folder.iterdir() if path.name not in (LOCK, WISH)]:
        os.replace(path, place / path.name)
    flush(place)
    if source == "log":
        (folder / FROM_LOG).touch()
    (folder / WISH).unlink()
    flush(folder)
    for old in sorted(place.parent.glob(f"{folder.name}-*"))[:-ASIDE_MAX]:
        shutil.rmtree(old)
    return source
