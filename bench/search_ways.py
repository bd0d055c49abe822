"""The ways to search that are compared with each other: each is the one before it and one thing more."""

from collections.abc import Mapping
from typing import Any, Final

WAYS: Final[Mapping[str, Mapping[str, Any]]] = {
    "words": {"mode": "words", "understand": [], "ranker": "none"},
    "vector": {"mode": "vector", "understand": [], "ranker": "none"},
    "hybrid": {"mode": "hybrid", "understand": [], "ranker": "none"},
    "understood": {"mode": "hybrid", "ranker": "none"},
    "formula": {"mode": "hybrid", "ranker": "formula"},
}
"""By name what a body of POST /v1/search says. `understood`: hybrid, by the shop's own steps of understanding;
`formula`: that, and ranked by the formula with the shop's weights."""
