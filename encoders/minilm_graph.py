"""The ONNX graph of a MiniLM-like BERT encoder with mean pooling, written node by node so that no torch is needed."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

Weights = Mapping[str, npt.NDArray[np.float32]]

LAYERS = 6
HEADS = 12
HIDDEN = 384
LAYER_NORM_EPS = 1e-12
"""From the model's config.json, as are the three sizes above."""
MASKED_SCORE = -10_000.0
"""Added to the attention score of a padded token: the value BERT was trained with, and finite in bf16."""
NORM_FLOOR = 1e-9
"""Keeps the mean and the length of an empty padding row finite."""
OPSET = 17
IR_VERSION = 8
"""Old enough for every supported onnxruntime and OpenVINO; LayerNormalization came with opset 17."""


class _Graph:
    """Collects nodes and constants under readable names."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def const(self, name: str, value: npt.ArrayLike, dtype: npt.DTypeLike = np.float32) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value, dtype), name))
        return name

    def op(self, kind: str, output: str, *inputs: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output


def minilm_graph(weights: Weights) -> onnx.ModelProto:
    """`input_ids`, `attention_mask` (int64, batch x length) -> `embedding` (float32, batch x 384, rows of length 1).

    `weights` holds the tensors of the model's safetensors file under their own names. A row whose mask is all zero
    (padding of the batch) comes out finite.
    """
    graph = _Graph()
    hidden = _embeddings(graph, weights)
    _mask(graph)
    _head_shapes(graph)
    for layer in range(LAYERS):
        hidden = _layer(graph, weights, layer, hidden)
    _pooled(graph, hidden)
    tokens = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"])
        for name in ("input_ids", "attention_mask")
    ]
    output = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", HIDDEN])
    model = helper.make_model(
        helper.make_graph(graph.nodes, "minilm", tokens, [output], graph.constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="freshet",
    )
    onnx.checker.check_model(model)
    return model


def _embeddings(graph: _Graph, weights: Weights) -> str:
    word = graph.const("word_embeddings", weights["embeddings.word_embeddings.weight"])
    # The only token type ever used is 0, so its row is folded into the position table.
    table = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    position = graph.const("position_embeddings", table)
    words = graph.op("Gather", "words", word, "input_ids")
    shape = graph.op("Shape", "ids_shape", "input_ids")
    graph.const("one_1d", [1], np.int64)
    graph.const("two_1d", [2], np.int64)
    graph.const("zero_1d", [0], np.int64)
    length = graph.op("Slice", "length", shape, "one_1d", "two_1d")
    # A Gather(table, Range(length)) is mis-fused by onnxruntime 1.31 at its extended optimisation level.
    positions = graph.op("Slice", "positions", position, "zero_1d", length, "zero_1d")
    return _layer_norm(graph, weights, "embeddings.LayerNorm", graph.op("Add", "embedded", words, positions))


def _mask(graph: _Graph) -> None:
    graph.op("Cast", "mask", "attention_mask", to=TensorProto.FLOAT)
    graph.op("Sub", "padding", graph.const("one", 1.0), "mask")
    graph.op("Mul", "padding_score", "padding", graph.const("masked_score", MASKED_SCORE))
    axes = graph.const("head_and_query_axes", [1, 2], np.int64)
    graph.op("Unsqueeze", "attention_bias", "padding_score", axes)


def _head_shapes(graph: _Graph) -> None:
    graph.const("split_heads", [0, 0, HEADS, HIDDEN // HEADS], np.int64)
    graph.const("join_heads", [0, 0, HIDDEN], np.int64)
    graph.const("scale", 1.0 / np.sqrt(HIDDEN // HEADS))
    graph.const("sqrt_two", np.sqrt(2.0))
    graph.const("half", 0.5)


def _layer(graph: _Graph, weights: Weights, layer: int, hidden: str) -> str:
    prefix = f"encoder.layer.{layer}"
    attended = _attention(graph, weights, f"{prefix}.attention", hidden)
    hidden = graph.op("Add", f"{prefix}.attention.residual", attended, hidden)
    hidden = _layer_norm(graph, weights, f"{prefix}.attention.output.LayerNorm", hidden)
    wide = _gelu(graph, f"{prefix}.gelu", _dense(graph, weights, f"{prefix}.intermediate.dense", hidden))
    narrow = _dense(graph, weights, f"{prefix}.output.dense", wide)
    hidden = graph.op("Add", f"{prefix}.residual", narrow, hidden)
    return _layer_norm(graph, weights, f"{prefix}.output.LayerNorm", hidden)


def _attention(graph: _Graph, weights: Weights, prefix: str, hidden: str) -> str:
    heads = {}
    for role, order in (("query", [0, 2, 1, 3]), ("key", [0, 2, 3, 1]), ("value", [0, 2, 1, 3])):
        dense = _dense(graph, weights, f"{prefix}.self.{role}", hidden)
        split = graph.op("Reshape", f"{prefix}.{role}.split", dense, "split_heads")
        heads[role] = graph.op("Transpose", f"{prefix}.{role}.heads", split, perm=order)
    scores = graph.op("MatMul", f"{prefix}.scores", heads["query"], heads["key"])
    scaled = graph.op("Mul", f"{prefix}.scaled", scores, "scale")
    masked = graph.op("Add", f"{prefix}.masked", scaled, "attention_bias")
    shares = graph.op("Softmax", f"{prefix}.shares", masked, axis=-1)
    mixed = graph.op("MatMul", f"{prefix}.mixed", shares, heads["value"])
    joined = graph.op("Transpose", f"{prefix}.joined", mixed, perm=[0, 2, 1, 3])
    flat = graph.op("Reshape", f"{prefix}.flat", joined, "join_heads")
    return _dense(graph, weights, f"{prefix}.output.dense", flat)


def _dense(graph: _Graph, weights: Weights, name: str, value: str) -> str:
    matrix = graph.const(f"{name}.weight", weights[f"{name}.weight"].T)
    bias = graph.const(f"{name}.bias", weights[f"{name}.bias"])
    return graph.op("Add", f"{name}.out", graph.op("MatMul", f"{name}.product", value, matrix), bias)


def _layer_norm(graph: _Graph, weights: Weights, name: str, value: str) -> str:
    scale = graph.const(f"{name}.weight", weights[f"{name}.weight"])
    bias = graph.const(f"{name}.bias", weights[f"{name}.bias"])
    return graph.op("LayerNormalization", f"{name}.out", value, scale, bias, axis=-1, epsilon=LAYER_NORM_EPS)


def _gelu(graph: _Graph, name: str, value: str) -> str:
    """The exact GELU, x/2 * (1 + erf(x / sqrt 2)), in the form both engines recognise and fuse."""
    erf = graph.op("Erf", f"{name}.erf", graph.op("Div", f"{name}.argument", value, "sqrt_two"))
    doubled = graph.op("Mul", f"{name}.doubled", value, graph.op("Add", f"{name}.shifted", erf, "one"))
    return graph.op("Mul", f"{name}.out", doubled, "half")


def _pooled(graph: _Graph, hidden: str) -> str:
    last = graph.const("last_axis", [-1], np.int64)
    floor = graph.const("norm_floor", NORM_FLOOR)
    weight = graph.op("Unsqueeze", "token_weight", "mask", last)
    total = graph.op("ReduceSum", "token_sum", graph.op("Mul", "token_kept", hidden, weight), "one_1d", keepdims=0)
    count = graph.op("Max", "token_count", graph.op("ReduceSum", "mask_sum", "mask", "one_1d", keepdims=1), floor)
    mean = graph.op("Div", "mean", total, count)
    length = graph.op("Max", "norm", graph.op("ReduceL2", "mean_l2", mean, axes=[1], keepdims=1), floor)
    return graph.op("Div", "embedding", mean, length)
