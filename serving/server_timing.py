"""The header `Server-Timing` of an answer: what took how long, for a browser's tools and for whoever measures."""

from collections.abc import Mapping
from itertools import islice
from typing import Final

SERVER_TIMING: Final = "Server-Timing"
ALL: Final = "tier"
"""The name of all of it, from the request's first byte to the answer's making."""
STAGES_MAX: Final = 64
"""Of a tier over many partitions the first ones: clients take heads of some thousand bytes."""


def server_timing(took_ms: float, spent_ms: Mapping[str, float]) -> str:
    """`took_ms`: all of it; `spent_ms`: by stage, whose names are tokens of HTTP. Stages run side by side."""
    stages = (f"{name};dur={ms}" for name, ms in islice(spent_ms.items(), STAGES_MAX))
    return ", ".join((f"{ALL};dur={took_ms:.3f}", *stages))
