"""Algolia's own clients, installed by npm beside this: a script of them in node, and a shop's page built with them."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.waiting import LIMIT_S

FOLDER = Path(__file__).resolve().parent.parent / "storefront"


def node() -> str:
    """Where node is. Skips where it or the clients are missing; in CI that is a failure."""
    found = shutil.which("node")
    if found and (FOLDER / "node_modules" / ".package-lock.json").is_file():
        return found
    missing = "node is" if not found else "Algolia's clients are"
    if os.environ.get("CI"):
        pytest.fail(f"{missing} missing; .ci/run installs them")
    pytest.skip(f"{missing} missing here (npm ci --prefix tests/storefront)")


def axe() -> str:
    """The script of axe, which looks for what keeps people out of a page."""
    node()
    return (FOLDER / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def called(shop: str) -> list[str]:
    """Calls of the clients, against the shop at this address; all did what they should."""
    ended = subprocess.run(
        [node(), "clients.mjs", shop], cwd=FOLDER, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    names: list[str] = json.loads(ended.stdout.splitlines()[-1])
    return names


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Tests have enough to read."""


@contextmanager
def page() -> Iterator[str]:
    """Address of a web server with the shop's page: another host than Freshet's, as for a shop."""
    node()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(FOLDER)))
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/shop.html"
    finally:
        server.shutdown()
        server.server_close()
