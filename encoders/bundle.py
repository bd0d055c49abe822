"""A model bundle: a folder with `text.onnx`, `tokenizer.json` and a manifest that names and checks them."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from encoders.errors import BundleRefused

MODEL_ID = "all-MiniLM-L6-v2"
"""The model that `freshet model build` makes."""
FileName = Literal["text.onnx", "tokenizer.json"]

FORMAT_VERSION: Final = 1
MODEL_FILE: Final = "text.onnx"
TOKENIZER_FILE: Final = "tokenizer.json"
FILES: tuple[FileName, ...] = (MODEL_FILE, TOKENIZER_FILE)
MANIFEST_FILE = "manifest.json"
MANIFEST_BYTES_MAX = 64 * 1024

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)


class Parity(_Strict):
    """How closely the graph computes what the weights say: cosines against a plain numpy forward pass."""

    reference: str
    engine: str
    texts: Annotated[int, Field(gt=0)]
    cosine_min: Annotated[float, Field(ge=-1.0, le=1.001)]
    cosine_mean: Annotated[float, Field(ge=-1.0, le=1.001)]


def model_folder(model: Path | None, data: Path) -> Path:
    """The folder of the model bundle: the setting `model`, else the one `freshet model build` makes in `data`."""
    return model or data / "models" / MODEL_ID


class Manifest(_Strict):
    """What a bundle is. Readers refuse a format version they do not know."""

    format_version: Literal[1]
    id: Annotated[str, Field(min_length=1, max_length=200)]
    """Names the vector space."""
    dim: Annotated[int, Field(gt=0)]
    context: Annotated[int, Field(gt=2)]
    """Most tokens of a text that count, the two special ones included."""
    licence: str
    source: str
    files: dict[FileName, Sha256]
    parity: Parity


@dataclass(frozen=True)
class Bundle:
    """A verified bundle."""

    folder: Path
    manifest: Manifest

    @property
    def model_path(self) -> Path:
        return self.folder / MODEL_FILE

    @property
    def tokenizer_path(self) -> Path:
        return self.folder / TOKENIZER_FILE


def load(folder: Path) -> Bundle:
    """Verify every file of the bundle (0.1 s for 90 MB). Raises BundleRefused, naming the file and what to do."""
    manifest = _read_manifest(folder / MANIFEST_FILE)
    for name in FILES:
        expected = manifest.files.get(name)
        if expected is None:
            raise BundleRefused(f"the manifest {folder / MANIFEST_FILE} does not list {name}")
        found = sha256_of(folder / name)
        if found != expected:
            raise BundleRefused(
                f"{folder / name} is damaged: its sha256 is {found[:12]}..., the manifest says {expected[:12]}..."
            )
    return Bundle(folder, manifest)


def sha256_of(path: Path) -> str:
    """Hex digest of a file's bytes. Raises BundleRefused when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BundleRefused(f"the model file {path} cannot be read: {error.strerror}") from error


def _read_manifest(path: Path) -> Manifest:
    try:
        with path.open("rb") as file:
            raw = file.read(MANIFEST_BYTES_MAX + 1)
    except OSError as error:
        raise BundleRefused(f"the model manifest {path} cannot be read: {error.strerror}") from error
    if len(raw) > MANIFEST_BYTES_MAX:
        raise BundleRefused(f"the model manifest {path} is larger than {MANIFEST_BYTES_MAX} bytes")
    try:
        return Manifest.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise BundleRefused(
            f"the model manifest {path} is not of format {FORMAT_VERSION}: {field}: {first['msg']}"
        ) from error
