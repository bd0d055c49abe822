"""One engine in a process of its own: reads what is asked, drives the engine, writes figures as they come.

Runs in the engine's environment, which has NumPy and the engine and nothing else: only these and the standard library
are imported, here and by what is imported from here.
"""

import importlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.peers.drive import Report, drive
from bench.peers.plan import DIM, Plan
from bench.peers.protocol import Peer

ASKED = "asked.json"
FIGURES = "figures.json"
STORE = "store"
"""What the engine writes goes below this."""


def main(folder: Path) -> int:
    """1 when the engine failed; `figures.json` then holds what was measured before, and why it ended."""
    asked = json.loads((folder / ASKED).read_text())
    found: dict[str, Any] = {"parts": {}}

    def report(name: str, figures: dict[str, Any]) -> None:
        found["parts"][name] = figures
        _write(folder / FIGURES, found)

    try:
        _run(asked, folder / STORE, found, report)
    except Exception as error:  # noqa: BLE001 - an engine may raise anything; its row says what
        found["error"] = f"{type(error).__name__}: {error}"
        _write(folder / FIGURES, found)
        return 1
    return 0


def _run(asked: Mapping[str, Any], store: Path, found: dict[str, Any], report: Report) -> None:
    module, _, kind = asked["driver"].partition(":")
    store.mkdir()
    peer: Peer = getattr(importlib.import_module(module), kind)(store, DIM)
    try:
        found |= {
            "in_process": peer.in_process,
            "versions": dict(peer.versions()),
            "settings": dict(peer.settings()),
        }
        drive(peer, Plan(**asked["plan"]), asked["nearest"], report)
    finally:
        peer.close()


def _write(file: Path, found: dict[str, Any]) -> None:
    new = file.with_suffix(".new")
    new.write_text(json.dumps(found))
    os.replace(new, file)
