"""What a measurement was taken on, and what else ran there: without it a figure means nothing."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

CPU_INFO = Path("/proc/cpuinfo")


def machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "cpu": cpu_model(CPU_INFO.read_text()) if CPU_INFO.exists() else platform.processor(),
        "python": platform.python_version(),
        **{name: version(package) for name, package in (("numpy", "numpy"), ("faiss", "faiss-cpu"))},
    }


def load() -> list[float]:
    """Load averages of 1, 5 and 15 minutes: what is not below the number of cores was disturbed."""
    return [round(value, 2) for value in os.getloadavg()]


def cpu_model(cpu_info: str) -> str:
    """From the text of /proc/cpuinfo; empty when it does not say."""
    for line in cpu_info.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return ""
