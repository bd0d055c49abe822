"""A bundle appears whole or not at all, is built once by many, and a wrong graph never gets out."""

import multiprocessing
import os
from pathlib import Path

import pytest

from encoders.build import PARITY_COSINE_MIN, ensure_bundle, repair_bundle, require_parity, weights_folder
from encoders.bundle import Parity
from encoders.errors import BundleBuildFailed

PROCESSES = 4


def write_pid(folder: Path) -> None:
    (folder / "pid").write_text(str(os.getpid()))


def ensure_and_read(folder: Path) -> str:
    return (ensure_bundle(folder, write_pid) / "pid").read_text()


def fail_half_way(folder: Path) -> None:
    (folder / "half").touch()
    raise BundleBuildFailed("half way")


def left_behind(parent: Path) -> list[str]:
    return sorted(path.name for path in parent.iterdir() if not path.name.endswith(".lock"))


def test_a_missing_bundle_is_built_and_an_existing_one_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "tiny"
    assert ensure_bundle(folder, write_pid) == folder
    assert ensure_bundle(folder, fail_half_way) == folder
    assert left_behind(folder.parent) == ["tiny"]


def test_processes_at_once_build_it_once(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        builders = pool.map(ensure_and_read, [tmp_path / "tiny"] * PROCESSES, chunksize=1)
    assert len(set(builders)) == 1
    assert left_behind(tmp_path) == ["tiny"]


def test_a_failed_build_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(BundleBuildFailed, match="half way"):
        ensure_bundle(tmp_path / "tiny", fail_half_way)
    assert left_behind(tmp_path) == []


def test_what_a_killed_build_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".tiny.building-killed").mkdir()
    (tmp_path / ".other.building-running").mkdir()
    ensure_bundle(tmp_path / "tiny", write_pid)
    assert left_behind(tmp_path) == [".other.building-running", "tiny"]


def test_a_failed_repair_leaves_the_old_one(tmp_path: Path) -> None:
    folder = ensure_bundle(tmp_path / "tiny", write_pid)
    with pytest.raises(BundleBuildFailed, match="half way"):
        repair_bundle(folder, fail_half_way)
    assert [path.name for path in folder.iterdir()] == ["pid"]


def test_a_damaged_bundle_is_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "damaged").touch()
    repair_bundle(folder, write_pid)
    assert [path.name for path in folder.iterdir()] == ["pid"]
    assert left_behind(tmp_path) == ["tiny"]


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BundleBuildFailed, match="file"):
        ensure_bundle(tmp_path / "file" / "tiny", write_pid)


def test_parity_is_enough_at_the_limit_and_not_under_it() -> None:
    def parity(cosine: float) -> Parity:
        return Parity(reference="numpy", engine="x", texts=12, cosine_min=cosine, cosine_mean=1.0)

    require_parity(parity(PARITY_COSINE_MIN))
    with pytest.raises(BundleBuildFailed, match="does not compute what its weights say"):
        require_parity(parity(PARITY_COSINE_MIN - 1e-7))


def test_missing_weights_are_named() -> None:
    with pytest.raises(BundleBuildFailed, match=r"no_such_weights .* is not installed"):
        weights_folder("no_such_weights")
    with pytest.raises(BundleBuildFailed, match=r"holds no model\.safetensors"):
        weights_folder("encoders")
