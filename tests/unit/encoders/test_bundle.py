"""A bundle is loaded whole or refused with the file's name and the command that rebuilds it."""

import json
from pathlib import Path
from typing import Any

import pytest

from encoders import bundle as bundles
from encoders.errors import BundleRefused


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "text.onnx").write_bytes(b"graph")
    (tmp_path / "tokenizer.json").write_bytes(b"{}")
    write_manifest(tmp_path)
    return tmp_path


def write_manifest(folder: Path, **changes: Any) -> None:
    manifest = {
        "format_version": 1,
        "id": "tiny",
        "dim": 4,
        "context": 8,
        "licence": "MIT",
        "source": "test",
        "files": {name: bundles.sha256_of(folder / name) for name in bundles.FILES},
        "parity": {"reference": "numpy", "engine": "none", "texts": 1, "cosine_min": 1.0, "cosine_mean": 1.0},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest | changes))


def refusal(folder: Path) -> str:
    with pytest.raises(BundleRefused) as caught:
        bundles.load(folder)
    assert "freshet model build" in caught.value.hint
    return caught.value.message


def test_a_whole_bundle_is_loaded(folder: Path) -> None:
    loaded = bundles.load(folder)
    assert loaded.manifest.id == "tiny"
    assert loaded.model_path.read_bytes() == b"graph"
    assert loaded.tokenizer_path.read_bytes() == b"{}"


@pytest.mark.parametrize("name", ["text.onnx", "tokenizer.json", "manifest.json"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert str(folder / name) in refusal(folder)


@pytest.mark.parametrize("name", ["text.onnx", "tokenizer.json"])
def test_one_changed_byte_is_found(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[-1] ^= 1
    (folder / name).write_bytes(content)
    assert f"{folder / name} is damaged" in refusal(folder)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"format_version": 2}, "format_version"),
        ({"dim": "4"}, "dim"),
        ({"dim": 0}, "dim"),
        ({"surprise": 1}, "surprise"),
        ({"files": {"text.onnx": "0" * 63}}, "files.text.onnx"),
    ],
)
def test_a_manifest_of_another_format_is_refused_by_field(folder: Path, changes: dict[str, Any], field: str) -> None:
    write_manifest(folder, **changes)
    message = refusal(folder)
    assert "manifest.json" in message
    assert field in message


def test_a_manifest_that_lists_too_little_is_refused(folder: Path) -> None:
    write_manifest(folder, files={"text.onnx": bundles.sha256_of(folder / "text.onnx")})
    assert "does not list tokenizer.json" in refusal(folder)


def test_the_manifest_may_be_as_large_as_the_limit_and_not_one_byte_larger(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(path.read_text().ljust(bundles.MANIFEST_BYTES_MAX))
    assert bundles.load(folder).manifest.id == "tiny"
    path.write_text(path.read_text() + " ")
    assert "larger than" in refusal(folder)


def test_the_folder_of_the_model_is_the_setting_else_the_one_that_is_built(tmp_path: Path) -> None:
    assert bundles.model_folder(tmp_path / "own", tmp_path) == tmp_path / "own"
    assert bundles.model_folder(None, tmp_path) == tmp_path / "models" / bundles.MODEL_ID
