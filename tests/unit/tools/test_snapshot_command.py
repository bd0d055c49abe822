"""`freshet snapshot`: what it says, what it changes, and when it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest

from freshet import run_snapshot as command
from freshet.exit_codes import MISMATCH, OK
from index_snapshots import manifest as manifests
from index_snapshots.folder import owned, replica_folder, shard_folder
from index_snapshots.manifest import Manifest
from index_snapshots.pace import Pace
from index_snapshots.restore import AGE_DAYS_MAX, restore
from index_snapshots.retention import HORIZON_MS
from index_snapshots.shipping import ship
from index_snapshots.store_folder import FolderStore
from schemas.errors import InvalidRequest, SettingsError, StateRefused, Unavailable
from schemas.topics import DAY_MS
from tests.unit.index_snapshots.making import ORIGIN
from tests.unit.index_snapshots.storing import flip, two_snapshots


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shard_folder(tmp_path, 1, 0)


@pytest.fixture
def two(folder: Path) -> tuple[Manifest, Manifest]:
    return two_snapshots(folder, command.now_ms())


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def everything(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.name != "lock"}


def test_ls(tmp_path: Path, two: tuple[Manifest, Manifest], capsys: pytest.CaptureFixture[str]) -> None:
    assert command.list_snapshots(None, None, False, tmp_path, True) == OK
    found = printed(capsys)
    assert [one["snapshot"] for one in found] == ["2", "1"]
    assert [(one["documents_offset"], one["products"], one["damages"]) for one in found] == [(27, 24, []), (24, 24, [])]
    assert command.list_snapshots(0, None, False, tmp_path, False) == OK
    assert capsys.readouterr().out.splitlines()[1].split()[:3] == ["0", "0", "2"]


def test_without_a_snapshot_or_a_shard(tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InvalidRequest, match="there is no shard in"):
        command.list_snapshots(None, None, False, tmp_path, False)
    folder.mkdir(parents=True)
    assert command.list_snapshots(None, None, False, tmp_path, False) == OK
    assert "no snapshot yet" in capsys.readouterr().out
    with pytest.raises(InvalidRequest, match="no shard 3"):
        command.list_snapshots(3, None, False, tmp_path, False)


def test_verify_names_each_damaged_file(
    tmp_path: Path, folder: Path, two: tuple[Manifest, Manifest], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.verify_snapshots(None, None, None, False, tmp_path, False) == OK
    capsys.readouterr()
    damaged = [two[1].files[part].name for part in ("states", "names")]
    for name in damaged:
        flip(folder / name)
    assert command.verify_snapshots(None, None, None, False, tmp_path, True) == MISMATCH
    newest, older = printed(capsys)
    assert older["damages"] == [] and len(newest["damages"]) == 2
    assert all(any(name in line for line in newest["damages"]) for name in damaged)
    assert command.verify_snapshots("2", None, None, False, tmp_path, False) == MISMATCH
    assert all(name in capsys.readouterr().out for name in damaged[:1])
    assert command.verify_snapshots("1", None, None, False, tmp_path, False) == OK
    with pytest.raises(InvalidRequest, match="no snapshot 7"):
        command.verify_snapshots("7", None, None, False, tmp_path, False)


def test_verify_names_a_manifest_that_cannot_be_read(
    tmp_path: Path, folder: Path, two: tuple[Manifest, Manifest], capsys: pytest.CaptureFixture[str]
) -> None:
    flip(folder / "manifest-000000000002.json")
    assert command.verify_snapshots(None, None, None, False, tmp_path, False) == MISMATCH
    assert "manifest-000000000002.json is damaged" in capsys.readouterr().out


def test_restore_puts_the_chosen_one_in_place(
    tmp_path: Path, folder: Path, two: tuple[Manifest, Manifest], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.restore_snapshot("1", 0, 0, False, tmp_path, True) == OK
    assert printed(capsys)["removed"] == ["2"]
    view = restore(folder, ORIGIN, command.now_ms()).view
    assert view is not None and view.offsets.documents == 24 and view.scrub()
    assert command.restore_snapshot("1", 0, 0, False, tmp_path, False) == OK, "again: nothing is newer"
    assert "0 newer snapshots were removed" in capsys.readouterr().out


def test_restore_changes_nothing_when_it_refuses(tmp_path: Path, folder: Path, two: tuple[Manifest, Manifest]) -> None:
    before = everything(folder)
    with owned(folder), pytest.raises(StateRefused, match="another process owns"):
        command.restore_snapshot("1", 0, 0, False, tmp_path, False)
    with pytest.raises(InvalidRequest, match="no snapshot 5"):
        command.restore_snapshot("5", 0, 0, False, tmp_path, False)
    name = two[0].files["states"].name
    flip(folder / name)
    with pytest.raises(StateRefused, match=name):
        command.restore_snapshot("1", 0, 0, False, tmp_path, False)
    assert everything(folder) == before


@pytest.mark.parametrize(("days", "taken"), [(AGE_DAYS_MAX - 0.01, True), (AGE_DAYS_MAX + 0.01, False)])
def test_restore_refuses_what_the_shard_would_leave_out(tmp_path: Path, folder: Path, days: float, taken: bool) -> None:
    two_snapshots(folder, command.now_ms() - int(days * DAY_MS))
    if taken:
        assert command.restore_snapshot("1", 0, 0, False, tmp_path, False) == OK
    else:
        with pytest.raises(StateRefused, match="older than"):
            command.restore_snapshot("1", 0, 0, False, tmp_path, False)


def test_prune(
    tmp_path: Path, folder: Path, two: tuple[Manifest, Manifest], capsys: pytest.CaptureFixture[str]
) -> None:
    before = everything(folder)
    gone = {file.name for file in two[0].files.values()} - {file.name for file in two[1].files.values()}
    assert command.prune_snapshots(1, True, None, None, False, tmp_path, True) == OK
    (planned,) = printed(capsys)
    assert planned["removed"] == ["1"] and planned["files"] == len(gone) and not planned["done"]
    assert everything(folder) == before
    with owned(folder), pytest.raises(StateRefused, match="another process owns"):
        command.prune_snapshots(1, False, None, None, False, tmp_path, False)
    assert command.prune_snapshots(None, False, None, None, False, tmp_path, False) == OK, "two are kept by default"
    assert everything(folder) == before
    assert command.prune_snapshots(1, False, None, None, False, tmp_path, False) == OK
    assert everything(folder) == before - gone - {"manifest-000000000001.json"}
    assert restore(folder, ORIGIN, command.now_ms()).view is not None


def test_prune_keeps_the_newest_from_before_the_horizon(
    tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    two_snapshots(folder, command.now_ms() - HORIZON_MS - 60_000)
    before = everything(folder)
    manifest = folder / "manifest-000000000002.json"
    young = folder / "manifest-000000000003.json"
    young.write_bytes(_rewritten(manifest.read_bytes(), command.now_ms()))
    assert command.prune_snapshots(1, False, None, None, False, tmp_path, True) == OK
    (done,) = printed(capsys)
    assert list(done["kept"]) == ["3", "2"] and "horizon" in done["kept"]["2"] and done["removed"] == ["1"]
    assert manifest.exists() and everything(folder) < before | {young.name}


def test_prune_counts_only_good_ones(tmp_path: Path, folder: Path, two: tuple[Manifest, Manifest]) -> None:
    flip(folder / two[1].files["states"].name)
    assert command.prune_snapshots(1, False, None, None, False, tmp_path, False) == OK
    view = restore(folder, ORIGIN, command.now_ms()).view
    assert view is not None and view.offsets.documents == 24
    flip(folder / two[0].files["states"].name)
    before = everything(folder)
    assert command.prune_snapshots(1, False, None, None, False, tmp_path, False) == OK
    assert everything(folder) == before, "none is good: somebody should look at them"


def test_diff(tmp_path: Path, two: tuple[Manifest, Manifest], capsys: pytest.CaptureFixture[str]) -> None:
    assert command.diff_snapshots("1", "2", 0, 0, False, tmp_path, True) == OK
    found = printed(capsys)
    assert found["products"] == {"same": 22, "changed": 1, "only_first": 1, "only_second": 1}
    assert found["bytes"]["both"] > 0 and {part["part"] for part in found["parts"]} >= {"graph-0", "states"}
    assert command.diff_snapshots("1", "2", 0, 0, False, tmp_path, False) == OK
    assert "products: 22 the same, 1 changed, 1 only in 1, 1 only in 2" in capsys.readouterr().out
    with pytest.raises(InvalidRequest, match="no snapshot 9"):
        command.diff_snapshots("1", "9", 0, 0, False, tmp_path, False)


def _rewritten(data: bytes, written_ms: int) -> bytes:
    found = manifests.decode(data, "manifest")
    return manifests.encode(found.model_copy(update={"written_ms": written_ms}))


def test_replicas(tmp_path: Path, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    two_snapshots(folder, command.now_ms())
    other = shard_folder(replica_folder(tmp_path, 1), 1, 0)
    two_snapshots(other, command.now_ms())
    assert command.restore_snapshot("1", 0, 1, False, tmp_path, False) == OK
    assert "shard 0, replica 1 starts from snapshot 1" in capsys.readouterr().out
    assert command.list_snapshots(None, None, False, tmp_path, True) == OK
    assert [(one["replica"], one["snapshot"]) for one in printed(capsys)] == [(0, "2"), (0, "1"), (1, "1")]
    assert command.list_snapshots(0, 1, False, tmp_path, True) == OK
    assert len(printed(capsys)) == 1


@pytest.fixture
def store(tmp_path: Path, folder: Path, two: tuple[Manifest, Manifest], monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "store").mkdir()
    monkeypatch.setenv("FRESHET_SNAPSHOT_STORE", (tmp_path / "store").as_uri())
    for number in (1, 2):
        ship(folder, f"manifest-{number:012}.json", FolderStore(tmp_path / "store"), Pace(0))
    return tmp_path / "store"


def stored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    assert command.list_snapshots(None, None, True, tmp_path, True) == OK
    return [one["snapshot"] for one in printed(capsys)]


def test_ls_and_diff_of_the_store(tmp_path: Path, store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    newest, older = stored(tmp_path, capsys)
    assert newest.startswith("27-4-") and older.startswith("24-2-")
    assert command.list_snapshots(0, None, True, tmp_path, False) == OK
    assert "store" in capsys.readouterr().out.splitlines()[1]
    assert command.diff_snapshots(older, newest, 0, 0, True, tmp_path, True) == OK
    assert printed(capsys)["products"]["same"] == 22


def test_verify_the_store(tmp_path: Path, store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.verify_snapshots(None, None, None, True, tmp_path, False) == OK
    capsys.readouterr()
    flip(next(store.rglob("*-heads")))
    assert command.verify_snapshots(None, None, None, True, tmp_path, True) == MISMATCH
    assert "-heads is damaged in file://" in printed(capsys)[-1]["damages"][0] + str(store)


def test_restore_from_the_store(tmp_path: Path, folder: Path, store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    newest, older = stored(tmp_path, capsys)
    with owned(folder), pytest.raises(StateRefused, match="another process owns"):
        command.restore_snapshot(older, 0, 0, True, tmp_path, False)
    assert command.restore_snapshot(older, 0, 0, True, tmp_path, True) == OK
    assert printed(capsys)["removed"] == ["2"], "it stands behind the one that was chosen"
    assert command.restore_snapshot(newest, 0, 1, True, tmp_path, False) == OK, "a replica that was never here"
    for number, documents in ((0, 24), (1, 27)):
        its_folder = shard_folder(replica_folder(tmp_path, number), 1, 0)
        view = restore(its_folder, ORIGIN, command.now_ms()).view
        assert view is not None and view.offsets.documents == documents
    with pytest.raises(InvalidRequest, match="no snapshot 5"):
        command.restore_snapshot("5", 0, 0, True, tmp_path, False)


def test_prune_the_store(tmp_path: Path, store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.prune_snapshots(1, False, None, None, True, tmp_path, False) == OK
    assert "shard 0 in the store: none removed" in capsys.readouterr().out, "the oldest inside the horizon stays"
    assert len(stored(tmp_path, capsys)) == 2


def test_without_a_store(tmp_path: Path, two: tuple[Manifest, Manifest], monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError, match="no snapshot store is set"):
        command.list_snapshots(None, None, True, tmp_path, False)
    monkeypatch.setenv("FRESHET_SNAPSHOT_STORE", str(tmp_path / "nowhere"))
    with pytest.raises(Unavailable):
        command.list_snapshots(None, None, True, tmp_path, False)
