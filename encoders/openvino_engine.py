"""Runs a bundle on OpenVINO: bf16 where the CPU has tiles for it (AMX), else float32."""

import threading
from typing import Literal

import numpy as np
import openvino

from encoders.bundle import Bundle
from encoders.cpu import has_amx_bf16
from encoders.errors import EngineUnavailable
from encoders.packing import Shapes
from encoders.protocol import Tokens, Vectors

Precision = Literal["f32", "bf16"]

F32_SHAPES = Shapes(tokens_per_run=256)
"""Measured on AVX-512: a new shape costs nothing noticeable, more tokens a run leave the cache."""
BF16_SHAPES = Shapes(tokens_per_run=1024, lengths=(16, 32, 48, 64, 96, 128, 192, 256), rows=(1, 2, 4, 8, 16, 32, 64))
"""Preparing a shape costs 10-20 ms once and 1-3 ms at each change, which is much next to a fast bf16 run: few shapes."""
STATIC_LENGTHS = (16, 32)
"""A single query of at most so many tokens has its own model of fixed shape: no shape change at all."""


class OpenvinoEngine:
    """One compiled model for any shape and, in bf16, one for each length of a single short query."""

    def __init__(self, bundle: Bundle, threads: int, precision: Precision | None = None) -> None:
        """`precision` None takes bf16 on a CPU with AMX, else f32: AVX-512 bf16 without tiles was measured slower.

        Raises EngineUnavailable when OpenVINO cannot load the model or has no such precision here.
        """
        self.threads = threads
        chosen: Precision = precision or ("bf16" if has_amx_bf16() else "f32")
        self.name = f"openvino-{chosen}"
        self.shapes = BF16_SHAPES if chosen == "bf16" else F32_SHAPES
        self._lock = threading.Lock()
        try:
            core = openvino.Core()
            if chosen == "bf16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
                raise EngineUnavailable("this CPU has no bf16 instructions", hint="Use f32 or the onnxruntime engine.")
            self._any_shape = _request(core, bundle, threads, chosen, None)
            static = STATIC_LENGTHS if chosen == "bf16" else ()
            self._by_shape = {(1, length): _request(core, bundle, threads, chosen, length) for length in static}
        except RuntimeError as error:
            raise EngineUnavailable(f"OpenVINO cannot load {bundle.model_path}: {error}") from error

    def embed(self, ids: Tokens, mask: Tokens) -> Vectors:
        rows, length = ids.shape
        request = self._by_shape.get((rows, length), self._any_shape)
        with self._lock:  # an infer request serves one caller at a time
            outputs = request.infer({"input_ids": ids, "attention_mask": mask}, share_inputs=True)
            return np.array(outputs[0], np.float32)


def _request(
    core: openvino.Core, bundle: Bundle, threads: int, precision: Precision, single_row_length: int | None
) -> openvino.InferRequest:
    model = core.read_model(str(bundle.model_path))
    if single_row_length is not None:
        model.reshape({name: [1, single_row_length] for name in ("input_ids", "attention_mask")})
    settings = {
        "INFERENCE_PRECISION_HINT": precision,
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY",
    }
    return core.compile_model(model, "CPU", settings).create_infer_request()
