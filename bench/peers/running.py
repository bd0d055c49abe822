"""Runs one engine in its process and judges its answers; whatever happens to it, nothing of it is left running."""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import bench
from bench.machine import load
from bench.peers.child import ASKED, FIGURES
from bench.peers.engines import Engine
from bench.peers.memory import holding
from bench.peers.plan import Plan

START_AND_LOAD_MAX_S = 900.0
PARTS_MAX = 4.0
"""The measured parts may take so many times as long as planned: one search can be slow."""
STOP_S = 5.0
TAIL_LINES = 5
START = """
import pathlib, sys
sys.path.append(sys.argv[2])
from bench.peers import child
sys.exit(child.main(pathlib.Path(sys.argv[1])))
"""
"""What is behind in sys.path is found last: the engine's own environment wins."""


def run_engine(
    engine: Engine,
    python: Path,
    plan: Plan,
    nearest: Sequence[Sequence[int]],
    folder: Path,
    start_and_load_max_s: float = START_AND_LOAD_MAX_S,
) -> dict[str, Any]:
    """What the engine's process wrote (child.py): `parts`, and `error` when not all of them are there.

    `nearest`: by `judge.nearest_at_start`. `folder` must not exist; it is gone afterwards.
    """
    folder.mkdir(parents=True)
    (folder / ASKED).write_text(json.dumps({"driver": engine.driver, "plan": asdict(plan), "nearest": nearest}))
    limit_s = start_and_load_max_s + PARTS_MAX * plan.measured_s
    load_before, begun_s = load(), time.monotonic()
    try:
        with _process(python, folder) as process:
            try:
                process.wait(limit_s)
                ended = f"ended with {process.returncode}: {_tail(folder)}"
            except subprocess.TimeoutExpired:
                ended = f"was not done after {limit_s:.0f} s"
        found = _figures(folder)
        if "end" not in found["parts"] and "error" not in found:
            found["error"] = ended
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return found | {
        "took_s": round(time.monotonic() - begun_s, 1),
        "load_before": load_before,
        "load_after": load(),
    }


@contextmanager
def _process(python: Path, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """In a session of its own; at the end its group and every server that works in `folder` are killed."""
    root = Path(bench.__file__).parents[1]
    with (folder / "output.log").open("wb") as output:
        process = subprocess.Popen(
            [str(python), "-c", START, str(folder), str(root)],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(STOP_S)
            _kill_servers(folder)


def _kill_servers(folder: Path) -> None:
    until_s = time.monotonic() + STOP_S
    while (pids := holding(folder)) and time.monotonic() < until_s:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def _figures(folder: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((folder / FIGURES).read_text())
    except FileNotFoundError:
        found = {"parts": {}}
    return found


def _tail(folder: Path) -> str:
    lines = (folder / "output.log").read_text(errors="replace").strip().splitlines()
    return " / ".join(lines[-TAIL_LINES:]) or "it said nothing"
