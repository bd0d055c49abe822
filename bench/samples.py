"""Measured times on their way from the process that took them: compact, because there are hundreds of thousands."""

import base64
from array import array
from collections.abc import Iterable


def samples(values_ms: Iterable[float] = ()) -> "array[float]":
    """An array of fp32 that grows."""
    return array("f", values_ms)


def packed(values_ms: Iterable[float]) -> str:
    """base64 of fp32."""
    return base64.b64encode(samples(values_ms).tobytes()).decode()


def unpacked(text: str) -> list[float]:
    values = samples()
    values.frombytes(base64.b64decode(text))
    return values.tolist()
