"""Chooses the engine: the one asked for or an error, never another one silently."""

import importlib.util
from collections.abc import Callable, Mapping
from types import MappingProxyType

import structlog

from encoders.bundle import Bundle
from encoders.cpu import has_amx_bf16
from encoders.errors import EngineUnavailable
from encoders.protocol import Engine
from schemas.settings import EngineName

Opener = Callable[[Bundle, int], Engine]


def _onnxruntime(bundle: Bundle, threads: int) -> Engine:
    from encoders.onnxruntime_engine import OnnxruntimeEngine

    return OnnxruntimeEngine(bundle, threads)


def _onnxruntime_int8(bundle: Bundle, threads: int) -> Engine:
    from encoders.onnxruntime_engine import OnnxruntimeEngine

    return OnnxruntimeEngine(bundle, threads, "int8")


def _openvino(bundle: Bundle, threads: int) -> Engine:
    from encoders.openvino_engine import OpenvinoEngine

    return OpenvinoEngine(bundle, threads)


ENGINES: Mapping[str, Opener] = MappingProxyType(
    {"onnxruntime": _onnxruntime, "onnxruntime-int8": _onnxruntime_int8, "openvino": _openvino}
)
"""Each engine is a heavy import: only the chosen one is loaded."""


def choose_engine(name: str, bundle: Bundle, threads: int = 1, engines: Mapping[str, Opener] = ENGINES) -> Engine:
    """The engine `name`, or for "auto" the faster one for this CPU, which is logged with the reason.

    Several processes with one thread each beat one process with several threads. Raises EngineUnavailable when the
    engine is unknown, not installed or cannot load the model; "auto" then fails too instead of trying the other.
    """
    if name == "auto":
        name, reason = automatic(amx_bf16=has_amx_bf16(), openvino_installed=installed("openvino"))
    else:
        reason = "asked for"
    engine = _open(name, bundle, threads, engines)
    structlog.get_logger(__name__).info(
        "encoder_engine", engine=engine.name, threads=threads, reason=reason, encoder=bundle.manifest.id
    )
    return engine


def automatic(*, amx_bf16: bool, openvino_installed: bool) -> tuple[EngineName, str]:
    """The rule of "auto" and why.

    OpenVINO in bf16 is four times as fast on CPUs with AMX; without it both engines compute in f32 at the same speed,
    and onnxruntime takes less memory. Weights of 8 bits are only taken where somebody asks for them (docs/adr/0027).
    """
    if not amx_bf16:
        return "onnxruntime", "this CPU has no AMX, so both engines are equally fast"
    if not openvino_installed:
        return "onnxruntime", "this CPU has AMX, but openvino is not installed"
    return "openvino", "this CPU has AMX, which OpenVINO uses in bf16"


def installed(package: str) -> bool:
    """Whether a package can be imported, without importing it."""
    return importlib.util.find_spec(package) is not None


def _open(name: str, bundle: Bundle, threads: int, engines: Mapping[str, Opener]) -> Engine:
    opener = engines.get(name)
    if opener is None:
        raise EngineUnavailable(
            f"there is no engine {name!r}", hint=f"Choose one of {', '.join(('auto', *sorted(engines)))}."
        )
    try:
        return opener(bundle, threads)
    except ImportError as error:
        raise EngineUnavailable(
            f"the engine {name} cannot be loaded: {error}", hint=f"Install {name}, or set the engine to auto."
        ) from error
