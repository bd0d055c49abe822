"""A small disk is filled and emptied again, and leaves nothing; where it cannot be mounted that is said."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from freshet.drills.small_disk import let_go, may_mount, small_disk
from freshet.drills.strike_disk import fill
from schemas.errors import FreshetError


def test_a_disk_is_full_while_it_is_struck_and_has_room_again(tmp_path: Path) -> None:
    disk = tmp_path / "kafka"
    disk.mkdir()
    if not may_mount(disk):
        pytest.skip("mounting a small disk needs root")
    stage: Any = SimpleNamespace(up=SimpleNamespace(data=tmp_path))
    with small_disk(disk, 1):
        (disk / "log").write_bytes(b"x" * 100_000)
        fill(stage, "kafka", 0.2)
        (disk / "log").write_bytes(b"x" * 900_000)
        assert [path.name for path in disk.iterdir()] == ["log"]
    assert not disk.is_mount() and list(disk.iterdir()) == []
    let_go(disk)


def test_no_disk_of_its_own_is_the_folder_as_it_is(tmp_path: Path) -> None:
    with small_disk(tmp_path / "kafka", 0):
        assert not (tmp_path / "kafka").exists()


def test_where_it_may_not_be_mounted_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FreshetError, match="no small disk can be mounted at"), small_disk(tmp_path / "kafka", 1):
        pass
    assert not may_mount(tmp_path)
