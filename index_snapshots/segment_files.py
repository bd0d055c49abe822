"""What the files of a segment are called in a manifest."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from index_snapshots.manifest import StoredFile, StoredSegment
from index_snapshots.merge import Files


def place_of_merge(at: int) -> str:
    """Stands for the place of a segment where it is the result of a merge under way."""
    return f"m{at}"


def named_files(place: int | str, files: Files) -> Iterator[tuple[str, Path]]:
    """By part; `place`: of the segment in the manifest's list."""
    yield f"graph-{place}", files.graph
    yield f"rows-{place}", files.rows
    if not files.codes:
        yield f"vectors-{place}", files.vectors[0]
        return
    for name, pieces in (("vectors", files.vectors), ("codes", files.codes)):
        for at, path in enumerate(pieces):
            yield f"{name}-{place}-{at}", path


def found_files(place: int | str, segment: StoredSegment, stored: Mapping[str, StoredFile], folder: Path) -> Files:
    """The other way round. Raises KeyError."""

    def path(part: str) -> Path:
        return folder / stored[part].name

    def pieces(name: str) -> tuple[Path, ...]:
        return tuple(path(f"{name}-{place}-{at}") for at in range(segment.pieces))

    vectors = pieces("vectors") or (path(f"vectors-{place}"),)
    return Files(path(f"graph-{place}"), path(f"rows-{place}"), vectors, pieces("codes"))
