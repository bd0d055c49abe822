"""The shard of the golden snapshots: one small folder for each format that was ever written, to be read for ever.

    python -m tests.unit.index_snapshots.golden

writes the one of the format of today, once, before that is released; what is there is never written again.
"""

from pathlib import Path
from typing import Final

from index_snapshots.apply import apply
from index_snapshots.manifest import FORMAT_VERSION
from index_snapshots.snapshot import write
from index_snapshots.writer import ShardWriter
from tests.unit.index_snapshots.making import (
    ORIGIN,
    content,
    document,
    logged,
    no_document,
    no_offer,
    offer,
    result_of,
    shard,
)

FOLDER: Final = Path(__file__).parent / "golden"
NOW_MS: Final = 1_800_000_000_000


def golden_shard() -> ShardWriter:
    """Graphs, dead rows, heads, merges under way; brands, categories, attributes; deletes, held offers, a purge."""
    one = shard("golden")
    lamps = content("Lampe", brand="Anker", category=["Home", "Lamps"], attributes={"colour": "rot", "watts": 5})
    documents = [document(f"p{at:02}", at, seed=at, of=content(f"Lamp {at}")) for at in range(1, 41)]
    documents += [document("ä", 41, seed=41, of=lamps), *(no_document(f"p{at:02}", 50 + at) for at in range(1, 5))]
    documents += [document(f"p{at:02}", 60 + at, seed=60 + at, of=lamps) for at in range(5, 12)]
    offers = [offer(f"p{at:02}", at, price=at + 0.5, stock=at % 3) for at in range(5, 30)]
    offers += [offer("ä", 41, price=None), offer("held", 42, stock=None), no_offer("p01", 51)]
    apply([*logged("documents", [*documents, "p02"], time_ms=NOW_MS), *logged("offers", offers, time_ms=NOW_MS)], one)
    assert one.view.vectors.pending
    return one


def main() -> None:
    folder = FOLDER / f"format-{FORMAT_VERSION}"
    folder.mkdir(parents=True)
    write(golden_shard().view, folder, ORIGIN, keep=1, now_ms=NOW_MS, results=result_of)


if __name__ == "__main__":
    main()
