"""A worker loads its own libraries only: what the others need would make it start later and larger."""

import subprocess
import sys

import pytest

from tests.waiting import LIMIT_S


@pytest.mark.parametrize(
    ("worker", "without"),
    [
        ("catalog", {"numpy", "faiss", "redis", "tantivy", "tokenizers"}),
        ("embed", {"faiss", "redis", "tantivy", "onnxruntime", "openvino"}),
        ("session", {"faiss", "tantivy", "tokenizers"}),
    ],
)
def test_a_worker_loads_no_library_of_another(worker: str, without: set[str]) -> None:
    code = f"import sys, agents.wiring.{worker}; print(*{without!r} & sys.modules.keys())"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=LIMIT_S, check=True)
    assert run.stdout.split() == []
