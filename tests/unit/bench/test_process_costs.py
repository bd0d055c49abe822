"""What is measured beside the searches: files, memory and CPU of a process with its children, and the machine."""

import os
import subprocess
import sys
from pathlib import Path

from bench.machine import cpu_model, load, machine
from bench.process_costs import cpu_seconds, folder_mb, memory_mb


def test_a_file_with_two_names_counts_once(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "a").write_bytes(bytes(2_000_000))
    (tmp_path / "deep" / "b").write_bytes(bytes(1_000_000))
    os.link(tmp_path / "a", tmp_path / "deep" / "again")
    assert folder_mb(tmp_path) == 3.0
    assert folder_mb(tmp_path / "missing") == 0.0


def test_children_are_counted_apart_while_they_live_and_after() -> None:
    before = cpu_seconds()["children_s"]
    work = "import sys\nfor _ in range(3_000_000): pass\nprint('done', flush=True)\nsys.stdin.read()"
    child = subprocess.Popen([sys.executable, "-c", work], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout and child.stdout.readline() == b"done\n"
    alive, memory = cpu_seconds()["children_s"], memory_mb()
    child.communicate()
    assert before < alive <= cpu_seconds()["children_s"] + 0.02  # clock ticks of a hundredth
    assert memory["children_pss_mb"] > 0 and 0 < memory["pss_mb"] <= memory["rss_mb"]


def test_the_machine_names_its_cpu() -> None:
    assert cpu_model("processor\t: 0\nmodel name\t: A CPU: fast\n") == "A CPU: fast"
    assert cpu_model("processor\t: 0\n") == ""
    assert set(machine()) == {"cores", "cpu", "python", "numpy", "faiss"}
    assert len(load()) == 3
