"""Writes one pinned view to a shard's folder: data first, the manifest last, then what is no longer needed goes.

The files hold the state in the order of the SKUs, so equal states give equal files on every replica.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import orjson

from index_snapshots import manifest as manifests
from index_snapshots.columns import CHUNK_ROWS
from index_snapshots.folder import TEMPORARY, Step, Steps, flush, replace, store
from index_snapshots.manifest import FORMAT_VERSION, MANIFEST_PATTERN, Manifest, Origin
from index_snapshots.protocol import View
from schemas.errors import StateRefused

BLOCK_ROWS: Final = CHUNK_ROWS
PARTS: Final = ("vectors", "bodies", "states", "names")


def write(
    view: View, folder: Path, origin: Origin, keep: int, now_ms: int, step: Step = lambda number: None
) -> Manifest:
    """Blocking; the shard may go on meanwhile. One write per folder at a time, by its owner (`folder.owned`).

    Raises OSError (a full disk, say); the earlier snapshots stay.
    """
    steps = Steps(step)
    steps()
    _clear_temporary(folder)
    bodies = view.bodies()
    names = {**view.names(), "body_bytes": list(map(len, bodies))}
    files = {
        "vectors": store(folder, "vectors", (block.astype("<f2").data for block in view.vectors(BLOCK_ROWS)), steps),
        "bodies": store(folder, "bodies", _joined(bodies), steps),
        "states": store(folder, "states", [view.states().tobytes()], steps),
        "names": store(folder, "names", [orjson.dumps(names)], steps),
    }
    steps()
    flush(folder)
    manifest = Manifest(
        format_version=FORMAT_VERSION,
        origin=origin,
        lineage=view.identity.lineage,
        documents_offset=view.offsets.documents,
        offers_offset=view.offsets.offers,
        counts=[view.counts.skus, view.counts.rows, view.counts.visible, view.counts.held_offers],
        digest_documents=view.digest_documents,
        digest_offers=view.digest_offers,
        written_ms=now_ms,
        files=files,
    )
    replace(folder / f"manifest-{_next_number(folder):012d}.json", manifests.encode(manifest), steps)
    _prune(folder, keep, steps)
    return manifest


def _joined(bodies: list[bytes]) -> Iterator[bytes]:
    for start in range(0, len(bodies), BLOCK_ROWS):
        yield b"".join(bodies[start : start + BLOCK_ROWS])


def _next_number(folder: Path) -> int:
    numbers = [int(text) for path in folder.glob(MANIFEST_PATTERN) if (text := path.stem.partition("-")[2]).isdigit()]
    return max(numbers, default=0) + 1


def _clear_temporary(folder: Path) -> None:
    for path in folder.glob(f"{TEMPORARY}*"):
        path.unlink()


def _prune(folder: Path, keep: int, steps: Steps) -> None:
    """Keeps the newest `keep` manifests that can be read, and the files that they name."""
    kept: list[Manifest] = []
    for path in sorted(folder.glob(MANIFEST_PATTERN), reverse=True):
        try:
            found = manifests.decode(path.read_bytes(), path.name) if len(kept) < keep else None
        except StateRefused:
            found = None
        if found is None:
            steps()
            path.unlink()
        else:
            kept.append(found)
    flush(folder)  # before the files go, so that no manifest comes back without them
    needed = {file.name for manifest in kept for file in manifest.files.values()}
    for part in PARTS:
        for path in folder.glob(f"*-{part}"):
            if path.name not in needed:
                steps()
                path.unlink()
