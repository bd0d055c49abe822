"""What only a store in a folder does."""

import os
import time
from pathlib import Path

import pytest

from index_snapshots.store_folder import LEFT_BEHIND_S, FolderStore
from index_snapshots.stores import ObjectStore, open_store
from schemas.errors import SettingsError, Unavailable
from schemas.settings import ShardSettings


def opened(url: str, **more: str) -> ObjectStore:
    return open_store(ShardSettings.model_validate({"snapshot_store": url, **more}), {})


def test_a_folder_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """Where a disk is not mounted the snapshots would fill another one."""
    store = FolderStore(tmp_path / "mnt")
    for call in (lambda: store.names(""), lambda: store.put("a", [b"1"], 1), lambda: list(store.get("a"))):
        with pytest.raises(Unavailable, match="there is no folder"):
            call()
    assert not (tmp_path / "mnt").exists()


@pytest.mark.parametrize(("age_s", "stays"), [(LEFT_BEHIND_S - 60, True), (LEFT_BEHIND_S + 60, False)])
def test_what_a_dead_process_left_goes_after_a_day(tmp_path: Path, age_s: float, stays: bool) -> None:
    left = tmp_path / "a" / "tmp-left"
    left.parent.mkdir()
    left.write_bytes(b"half")
    os.utime(left, (0, time.time() - age_s))
    store = FolderStore(tmp_path)
    assert store.names("") == []
    store.put("a/x", [b"1"], 1)
    assert left.exists() is stays


@pytest.mark.parametrize("url", ["ftp://host/path", "file://elsewhere/path", "file:", ""])
def test_other_places_are_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="snapshot_store"):
        opened(url)


def test_a_path_is_a_folder_too(tmp_path: Path) -> None:
    assert opened(str(tmp_path)).url == tmp_path.as_uri()
    assert opened((tmp_path / "a b").as_uri()).url == (tmp_path / "a b").as_uri()


def test_where_there_are_no_links_a_name_is_still_given_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(source: Path, target: Path) -> None:
        raise PermissionError(1, "not here")

    monkeypatch.setattr(os, "link", no_links)
    store = FolderStore(tmp_path)
    assert store.put_new("a", b"1") and not store.put_new("a", b"2")
    assert b"".join(store.get("a")) == b"1" and store.names("") == ["a"]


def test_a_folder_does_not_encrypt(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="snapshot_store_encryption"):
        opened(str(tmp_path), snapshot_store_encryption="AES256")
