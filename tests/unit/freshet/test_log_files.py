"""Logs are rotated by size when a process starts, and read from their end."""

from pathlib import Path

import pytest

from freshet.runtime.log_files import LOGS_KEPT, TAIL_BYTES, rotate, tail


@pytest.mark.parametrize(("size", "rotated"), [(10, False), (11, True)])
def test_rotated_beyond_the_limit(tmp_path: Path, size: int, rotated: bool) -> None:
    log = tmp_path / "x.log"
    log.write_bytes(b"a" * size)
    rotate(log, bytes_max=10)
    assert log.exists() is not rotated
    assert (tmp_path / "x.log.1").exists() is rotated


def test_only_so_many_are_kept(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    for number in range(LOGS_KEPT + 2):
        log.write_text(str(number))
        rotate(log, bytes_max=0)
    kept = sorted(path.name for path in tmp_path.iterdir())
    assert kept == [f"x.log.{number}" for number in range(1, LOGS_KEPT + 1)]
    assert (tmp_path / "x.log.1").read_text() == str(LOGS_KEPT + 1)


def test_the_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    assert tail(log, 3) == []
    log.write_text("".join(f"{number}\n" for number in range(TAIL_BYTES)))
    assert tail(log, 2) == [str(TAIL_BYTES - 2), str(TAIL_BYTES - 1)]
    assert tail(log, 0) == []
