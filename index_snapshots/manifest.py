"""What a snapshot is made of: the manifest, written last, which names every file with its checksums."""

from typing import Final

import orjson
import xxhash
from pydantic import BaseModel, ConfigDict, ValidationError

from schemas.errors import StateRefused

FORMAT_VERSION: Final = 5
ONE_FILE_OF_BODIES: Final = 2
"""Still read: all bodies in `files["bodies"]` in the order of the states, their sizes in `names`."""
ONE_FILE_OF_VECTORS: Final = 3
"""Still read: a segment's codes with its graph, its vectors in one file; states and names as they are, not compressed.
Format 4 has all but what merges under way have come to."""
MANIFEST_PATTERN: Final = "manifest-*.json"


class SnapshotDamaged(StateRefused):
    """Bytes on disk are not what was written: an older snapshot or the log stands in."""


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class Origin(_Strict):
    """Where a shard's records come from. State from another origin is refused."""

    partition: int
    generation: int
    """Of the topics."""
    cluster_id: str
    topic_ids: dict[str, str]
    """By base name: documents, offers."""
    encoder: str
    dim: int


class StoredFile(_Strict):
    name: str
    size: int
    """Bytes."""
    xxh3: str
    sha256: str


class StoredSegment(_Strict):
    """Its files are `files["graph-N"]`, `["rows-N"]`, `["vectors-N-P"]` and `["codes-N-P"]`, N its place in the list,
    P counting `pieces`; where these are none, `["graph-N"]`, `["rows-N"]` and `["vectors-N"]`."""

    size: int
    pieces: int = 0
    ef: int
    recall: float
    changed: int
    """The last three: see `calibrate.Calibration`."""
    dropped: int = 0
    """See `merge.Segment`."""


class StoredHead(_Strict):
    first_row: int
    count: int


class StoredMerge(_Strict):
    """See `pending.Planned`; `kept` is bits in `files["kept"]`, one after the other, each part from a whole byte on."""

    parts: list[int]
    """Places of the parts it takes: segments first, then heads."""
    grown: bool
    of_base: bool
    begun: int
    due: int
    result: StoredSegment | None = None
    """Its segment, where it was built by then; not part of the state, since it can be built again. Its files are those
    of a segment (`StoredSegment`), N being `mM`, M the merge's place in the list."""


class StoredBodies(_Strict):
    """One file of bodies, `files["bodies-N"]`, N its place in the list: see `body_pieces.Piece`."""

    begin: int
    end: int
    count: int


class StoredPacing(_Strict):
    """See `pacing.Pacing`: part of the lineage."""

    head_rows: int
    rows_per_s_max: int
    recall: float
    exact_max: int


class Structure(_Strict):
    """Where the rows lie. With the states (whose `row` is the row's number) the parts are what they were."""

    seals: int
    sealed_ms: int
    next_row: int
    pacing: StoredPacing
    segments: list[StoredSegment]
    heads: list[StoredHead]
    """Their vectors and levels are in `files["heads"]` and `["levels"]`, head after head."""
    merges: list[StoredMerge]


class Manifest(_Strict):
    """One snapshot: with the log from its offsets on it is the shard."""

    format_version: int
    origin: Origin
    lineage: str
    documents_offset: int
    offers_offset: int
    counts: list[int]
    """skus, rows, visible, held_offers."""
    digest_documents: str
    digest_offers: str
    written_ms: int
    """When it was written, ms since 1970; not part of the state."""
    structure: Structure
    bodies: list[StoredBodies] = []
    files: dict[str, StoredFile]
    """By part: states, names (both compressed, see `frames.py`), heads, levels, kept; bodies-N; those of each segment
    (`StoredSegment`); words-ID of each segment of the index of words, words-rest, and slots
    (`stored_slots.py`)."""


def encode(manifest: Manifest) -> bytes:
    """One line of JSON behind a line with its own checksum."""
    body = orjson.dumps(manifest.model_dump(), option=orjson.OPT_SORT_KEYS)
    return xxhash.xxh3_128_hexdigest(body).encode() + b"\n" + body + b"\n"


def decode(data: bytes, name: str) -> Manifest:
    """Raises SnapshotDamaged when the bytes are not whole, StateRefused when a newer Freshet wrote them."""
    checksum, _, rest = data.partition(b"\n")
    body = rest.removesuffix(b"\n")
    if not rest.endswith(b"\n") or xxhash.xxh3_128_hexdigest(body).encode() != checksum:
        raise SnapshotDamaged(f"{name} is damaged: its checksum does not match")
    values = orjson.loads(body)
    version = values.get("format_version")
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise StateRefused(
            f"{name} has format {version}; this Freshet reads up to {FORMAT_VERSION}",
            hint="start the newer Freshet again, or run `freshet shard rebuild --partition P` to rebuild from the log",
        )
    if version not in range(ONE_FILE_OF_BODIES, FORMAT_VERSION + 1):
        raise SnapshotDamaged(
            f"{name} has format {version}, of an older Freshet: the shard is built from the log again"
        )
    try:
        return Manifest.model_validate(values)
    except ValidationError as error:
        raise SnapshotDamaged(f"{name} is not a manifest: {str(error)[:300]}") from error


def check_origin(found: Origin, expected: Origin, name: str) -> None:
    """Raises StateRefused when the snapshot is whole but of something else, SnapshotDamaged when of another shard."""
    if found.partition != expected.partition:
        raise SnapshotDamaged(f"{name} is of partition {found.partition}, not {expected.partition}: files were swapped")
    for field in Origin.model_fields:
        ours, theirs = getattr(expected, field), getattr(found, field)
        if ours != theirs:
            raise StateRefused(
                f"the snapshot {name} of partition {found.partition} is of {field} {theirs!r}, but {ours!r} is here",
                hint=f"if this is meant, run `freshet shard rebuild --partition {found.partition}`: "
                "it removes the local state, and the shard is rebuilt from the log",
            )
