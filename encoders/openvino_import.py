"""Imports OpenVINO without its telemetry."""

import importlib
import sys
from typing import Any


def import_openvino() -> Any:
    """The openvino module. Raises ImportError when it is not installed.

    Importing it sends an event to a statistics service when the package openvino_telemetry is there; without that
    package it takes a stub. A module that is None in sys.modules counts as not installed.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    return importlib.import_module("openvino")
