"""The engine asked for or an error: nothing is swapped silently."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from encoders.bundle import Bundle, Manifest, Parity
from encoders.choose import ENGINES, automatic, choose_engine, installed
from encoders.cpu import has_amx_bf16
from encoders.errors import EngineUnavailable
from encoders.packing import Shapes
from encoders.protocol import Engine, Tokens, Vectors


class NamedEngine:
    shapes = Shapes(tokens_per_run=16)

    def __init__(self, name: str, threads: int) -> None:
        self.name = name
        self.threads = threads

    def embed(self, ids: Tokens, mask: Tokens) -> Vectors:
        raise AssertionError("choosing an engine must not run it")


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    parity = Parity(reference="numpy", engine="none", texts=1, cosine_min=1.0, cosine_mean=1.0)
    manifest = Manifest(
        format_version=1, id="tiny", dim=4, context=8, licence="MIT", source="test", files={}, parity=parity
    )
    return Bundle(tmp_path, manifest)


def broken(bundle: Bundle, threads: int) -> Engine:
    raise ImportError("libtiles.so is missing")


@pytest.mark.parametrize(
    ("amx_bf16", "openvino_installed", "expected"),
    [
        (True, True, "openvino"),
        (True, False, "onnxruntime"),
        (False, True, "onnxruntime"),
        (False, False, "onnxruntime"),
    ],
)
def test_auto_takes_openvino_only_for_its_tiles(amx_bf16: bool, openvino_installed: bool, expected: str) -> None:
    assert automatic(amx_bf16=amx_bf16, openvino_installed=openvino_installed)[0] == expected


def test_auto_logs_what_it_took_and_why(bundle: Bundle) -> None:
    engines = {name: lambda bundle, threads, name=name: NamedEngine(name, threads) for name in ENGINES}
    with capture_logs() as logs:
        engine = choose_engine("auto", bundle, 2, engines)
    (line,) = [entry for entry in logs if entry["event"] == "encoder_engine"]
    assert line["engine"] == engine.name
    assert line["threads"] == engine.threads == 2
    assert "AMX" in line["reason"]


def test_an_engine_that_cannot_load_is_an_error_that_says_why(bundle: Bundle) -> None:
    engines = {"onnxruntime": lambda bundle, threads: NamedEngine("onnxruntime", threads), "openvino": broken}
    with pytest.raises(EngineUnavailable, match=r"openvino cannot be loaded: libtiles\.so is missing"):
        choose_engine("openvino", bundle, 1, engines)


def test_auto_does_not_try_the_other_one(bundle: Bundle) -> None:
    with pytest.raises(EngineUnavailable, match="cannot be loaded"):
        choose_engine("auto", bundle, 1, dict.fromkeys(ENGINES, broken))


def test_an_unknown_engine_names_the_known_ones(bundle: Bundle) -> None:
    with pytest.raises(EngineUnavailable, match="no engine 'tensorflow'") as caught:
        choose_engine("tensorflow", bundle)
    assert "auto, onnxruntime, onnxruntime-int8, openvino" in caught.value.hint


@pytest.mark.parametrize("name", sorted(ENGINES))
def test_a_model_that_is_no_model_is_an_error_of_the_engine(name: str, bundle: Bundle) -> None:
    bundle.model_path.write_bytes(b"not a graph")
    with pytest.raises(EngineUnavailable, match=r"text\.onnx"):
        choose_engine(name, bundle)


def test_cpu_flags_are_read_whole_words_only(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("model name : x\nflags\t\t: fpu avx512_bf16 amx_bf16 amx_tile\n")
    assert has_amx_bf16(cpuinfo)
    cpuinfo.write_text("model name : amx_bf16\nflags\t\t: fpu avx512_bf16 amx_bf16x\n")
    assert not has_amx_bf16(cpuinfo)
    assert not has_amx_bf16(tmp_path / "none")


def test_installed_looks_without_importing() -> None:
    assert installed("encoders")
    assert not installed("no_such_engine")
