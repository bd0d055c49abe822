"""A plain numpy forward pass of MiniLM: the slow truth that a built graph is compared with."""

import math

import numpy as np
import numpy.typing as npt

from encoders.minilm_graph import HEADS, HIDDEN, LAYER_NORM_EPS, LAYERS, Weights

Array = npt.NDArray[np.float32]

_erf = np.frompyfunc(math.erf, 1, 1)


def forward(weights: Weights, ids: list[int]) -> Array:
    """The vector of one text: token ids, special ones included and without padding -> float32 (384,) of length 1."""
    hidden: Array = (
        weights["embeddings.word_embeddings.weight"][ids]
        + weights["embeddings.position_embeddings.weight"][: len(ids)]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    hidden = _layer_norm(weights, "embeddings.LayerNorm", hidden)
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}"
        attended = _dense(weights, f"{prefix}.attention.output.dense", _attention(weights, prefix, hidden))
        hidden = _layer_norm(weights, f"{prefix}.attention.output.LayerNorm", hidden + attended)
        wide = _gelu(_dense(weights, f"{prefix}.intermediate.dense", hidden))
        narrow = _dense(weights, f"{prefix}.output.dense", wide)
        hidden = _layer_norm(weights, f"{prefix}.output.LayerNorm", hidden + narrow)
    mean = hidden.mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean), np.float32)


def _attention(weights: Weights, prefix: str, hidden: Array) -> Array:
    width = HIDDEN // HEADS
    query, key, value = (
        _dense(weights, f"{prefix}.attention.self.{role}", hidden).reshape(-1, HEADS, width).transpose(1, 0, 2)
        for role in ("query", "key", "value")
    )
    scores = query @ key.transpose(0, 2, 1) / math.sqrt(width)
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    return np.asarray((shares @ value).transpose(1, 0, 2).reshape(-1, HIDDEN), np.float32)


def _dense(weights: Weights, name: str, value: Array) -> Array:
    return np.asarray(value @ weights[f"{name}.weight"].T + weights[f"{name}.bias"], np.float32)


def _layer_norm(weights: Weights, name: str, value: Array) -> Array:
    centred = value - value.mean(axis=-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + LAYER_NORM_EPS)
    return np.asarray(centred / spread * weights[f"{name}.weight"] + weights[f"{name}.bias"], np.float32)


def _gelu(value: Array) -> Array:
    return np.asarray(value * 0.5 * (1.0 + _erf(value / math.sqrt(2.0)).astype(np.float32)), np.float32)
