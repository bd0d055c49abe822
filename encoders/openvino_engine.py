"""Runs a bundle on OpenVINO: bf16 where the CPU has tiles for it (AMX), else float32."""

import threading
from typing import Any, Literal

import numpy as np

from encoders.bundle import Bundle
from encoders.cpu import has_amx_bf16
from encoders.errors import EngineUnavailable
from encoders.openvino_import import import_openvino
from encoders.packing import Shapes
from encoders.protocol import Tokens, Vectors

Precision = Literal["f32", "bf16"]

F32_SHAPES = Shapes(tokens_per_run=256, run_cost_tokens=8)
"""Measured on AVX-512: a new shape costs nothing noticeable, more tokens a run leave the cache."""
BF16_SHAPES = Shapes(
    tokens_per_run=1024,
    run_cost_tokens=32,
    lengths=(16, 32, 48, 64, 96, 128, 192, 256),
    rows=(1, 2, 4, 8, 16, 32, 64),
)
"""Preparing a shape costs 10-20 ms once and 1-3 ms at each change, much next to a fast bf16 run: few shapes."""
QUERY_SHAPE = (1, 16)
"""In bf16 a single short query has its own model of fixed shape: 2.4 instead of 3.5 ms with AMX."""


class OpenvinoEngine:
    """One compiled model for any shape and, in bf16, one for a single short query."""

    def __init__(self, bundle: Bundle, threads: int, precision: Precision | None = None) -> None:
        """`precision` None takes bf16 on a CPU with AMX, else f32: AVX-512 bf16 without tiles was measured slower.

        Raises ImportError when OpenVINO is not installed, EngineUnavailable when it cannot load the model or has no
        such precision here.
        """
        core = import_openvino().Core()
        chosen: Precision = precision or ("bf16" if has_amx_bf16() else "f32")
        if chosen == "bf16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            raise EngineUnavailable("this CPU has no bf16 instructions", hint="Use f32 or the onnxruntime engine.")
        self.name = f"openvino-{chosen}"
        self.threads = threads
        self.shapes = BF16_SHAPES if chosen == "bf16" else F32_SHAPES
        self._lock = threading.Lock()
        settings = {
            "INFERENCE_PRECISION_HINT": chosen,
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
        }
        try:
            model = core.read_model(str(bundle.model_path))
            self._any_shape = core.compile_model(model, "CPU", settings).create_infer_request()
            self._query = self._any_shape
            if chosen == "bf16":
                model.reshape({name: list(QUERY_SHAPE) for name in ("input_ids", "attention_mask")})
                self._query = core.compile_model(model, "CPU", settings).create_infer_request()
        except RuntimeError as error:
            raise EngineUnavailable(f"OpenVINO cannot load {bundle.model_path}: {error}") from error

    def embed(self, ids: Tokens, mask: Tokens) -> Vectors:
        request: Any = self._query if ids.shape == QUERY_SHAPE else self._any_shape
        with self._lock:  # an infer request serves one caller at a time
            outputs = request.infer({"input_ids": ids, "attention_mask": mask}, share_inputs=True)
            return np.array(outputs[0], np.float32)
