"""Files that get a second name, whatever lies there already."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import xxhash

from index_snapshots.folder import Known, Steps, adopt

CONTENT = b"codes and links" * 1_000


@pytest.fixture
def segment(tmp_path: Path) -> Path:
    (tmp_path / "segments").mkdir()
    path = tmp_path / "segments" / f"{xxhash.xxh3_128_hexdigest(CONTENT)}-graph"
    path.write_bytes(CONTENT)
    return path


def no_step(_: int) -> None:
    """No crash."""


def test_a_file_gets_a_second_name_and_no_copy(tmp_path: Path, segment: Path) -> None:
    for _ in range(2):  # the next snapshot finds it there
        stored = adopt(tmp_path, segment, Steps(no_step), Known())
        assert (stored.name, stored.size) == (segment.name, len(CONTENT))
        assert (tmp_path / segment.name).samefile(segment)
    segment.unlink()
    assert (tmp_path / stored.name).read_bytes() == CONTENT
    assert adopt(tmp_path, tmp_path / stored.name, Steps(no_step), Known()) == stored  # its first name, after a restart
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [stored.name]


def test_where_there_are_no_links_it_is_copied(tmp_path: Path, segment: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(_: Path, __: Path) -> None:
        raise OSError("not supported")

    monkeypatch.setattr("os.link", no_links)
    stored = adopt(tmp_path, segment, Steps(no_step), Known())
    assert (tmp_path / stored.name).read_bytes() == CONTENT
    assert not (tmp_path / stored.name).samefile(segment)


@pytest.mark.parametrize("left", [b"", bytes(len(CONTENT)), CONTENT[:-1]])
def test_what_a_power_failure_left_under_its_name_is_replaced(tmp_path: Path, segment: Path, left: bytes) -> None:
    """Else the snapshot would name damaged bytes with their own checksum, and the native code would read them."""
    (tmp_path / segment.name).write_bytes(left)
    stored = adopt(tmp_path, segment, Steps(no_step), Known())
    assert stored.xxh3 == xxhash.xxh3_128_hexdigest(CONTENT)
    assert (tmp_path / segment.name).read_bytes() == CONTENT


@pytest.mark.parametrize("there", [lambda data: data[:-1], lambda data: data[:-1] + b"!"])
def test_a_file_that_is_not_what_its_name_says_is_refused(
    tmp_path: Path, segment: Path, there: Callable[[bytes], bytes]
) -> None:
    segment.write_bytes(there(CONTENT))
    with pytest.raises(OSError, match="damaged"):
        adopt(tmp_path, segment, Steps(no_step), Known())


def test_what_this_process_knows_is_not_read_again(tmp_path: Path, segment: Path) -> None:
    known = Known()
    stored = adopt(tmp_path, segment, Steps(no_step), known)
    target = tmp_path / segment.name
    stat = target.stat()
    damaged = CONTENT[:-1] + b"!"
    target.write_bytes(damaged)
    os.utime(target, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert adopt(tmp_path, segment, Steps(no_step), known) == stored, "a flipped bit is left to scrubs and the start"
    os.utime(target, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    with pytest.raises(OSError, match="damaged"):
        adopt(tmp_path, segment, Steps(no_step), known)
    target.unlink()
    segment.write_bytes(CONTENT)
    assert adopt(tmp_path, segment, Steps(no_step), known) == stored and target.exists(), "pruned and needed again"
