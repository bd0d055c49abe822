"""Where OpenTelemetry is for the tests: not in .venv, beside it (`sh scripts/install otel`), as in CI."""

import sys
from importlib.util import find_spec

import pytest

from tests.conftest import REPOSITORY

BESIDE = REPOSITORY / "build" / "otel"
LACKING = "the extra otel is not installed: sh scripts/install otel"


def needed() -> None:
    """Skips the test where it is nowhere. It is the last place of the path: what .venv has comes from there."""
    if BESIDE.is_dir() and str(BESIDE) not in sys.path:
        sys.path.append(str(BESIDE))
    if find_spec("opentelemetry") is None:
        pytest.skip(LACKING)
