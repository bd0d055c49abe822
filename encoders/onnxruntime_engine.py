"""Runs a bundle on onnxruntime: any CPU, any input shape, in float32 or with weights of 8 bits."""

from typing import Literal

import numpy as np
import onnxruntime  # type: ignore[import-untyped]

from encoders.bundle import Bundle
from encoders.errors import EngineUnavailable
from encoders.packing import Shapes
from encoders.protocol import Tokens, Vectors

Precision = Literal["f32", "int8"]
TOKENS_PER_RUN = 256
"""Measured: 190-205 product texts/s at 128-512 tokens a run, 150-170 at 1,024 and more (out of the cache)."""
RUN_COST_TOKENS = 4
"""A run costs about half a millisecond before the first token: measured best of 0, 4, 10 and 20."""


class OnnxruntimeEngine:
    """One session with its own threads, which sleep instead of spinning between runs."""

    shapes = Shapes(tokens_per_run=TOKENS_PER_RUN, run_cost_tokens=RUN_COST_TOKENS)

    def __init__(self, bundle: Bundle, threads: int, precision: Precision = "f32") -> None:
        """`int8`: see `encoders.eight_bits`. Raises EngineUnavailable when onnxruntime cannot load the model."""
        self.name = f"onnxruntime-{precision}"
        self.threads = threads
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            model = str(bundle.model_path) if precision == "f32" else _eight_bits(bundle)
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises its own untyped exceptions
            raise EngineUnavailable(f"onnxruntime cannot load {bundle.model_path}: {error}") from error

    def embed(self, ids: Tokens, mask: Tokens) -> Vectors:
        (vectors,) = self._session.run(None, {"input_ids": ids, "attention_mask": mask})
        return np.asarray(vectors, np.float32)


def _eight_bits(bundle: Bundle) -> bytes:
    from encoders.eight_bits import eight_bits  # `onnx` is needed for nothing else here

    return eight_bits(bundle.model_path)
