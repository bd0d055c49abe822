"""Times a new user's first start: fresh clones in an empty home, `make up`, until the page shows products.

    python3 scripts/first_start.py [--json]

Three starts: `cold` (nothing fetched yet), `warm` (another clone, what was fetched is there), `again` (the second one
of that clone). Needs git, make, a Python, a package index and a Maven repository; nothing else is used.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
LIMIT_S = 300.0
POLL_S = 0.05
ALL = 1_980
"""Products that make the whole demo: its trickle takes up to 20 out of the range."""
PASSED_ON = ("UV_DEFAULT_INDEX", "PIP_INDEX_URL", "FRESHET_MAVEN_URL", "SSL_CERT_FILE", "HTTPS_PROXY", "HTTP_PROXY")


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="freshet-first-start-") as folder:
        root = Path(folder)
        (root / "home").mkdir()
        port = free_port()
        clones = {"cold": "one", "warm": "two", "again": "two"}
        found = {}
        for start, name in clones.items():
            if not (root / name).exists():
                subprocess.run(["git", "clone", "--quiet", str(REPOSITORY), str(root / name)], check=True)
            found[start] = timed_start(root / name, root / "home", port)
            if "--json" not in sys.argv:
                print(start, ", ".join(f"{what} {seconds:.1f}" for what, seconds in found[start].items()), flush=True)
        if "--json" in sys.argv:
            print(json.dumps({"load_1m": os.getloadavg()[0], "cores": os.cpu_count(), **found}, indent=2))
    return 0


def timed_start(clone: Path, home: Path, port: int) -> dict[str, float]:
    """Seconds from the command until each thing is so; stops the stack again."""
    environ = {name: os.environ[name] for name in ("PATH", *PASSED_ON) if name in os.environ}
    environ |= {"HOME": str(home), "FRESHET_PORT": str(port)}
    began_s = time.monotonic()
    with (clone / "first-start.log").open("ab") as log:
        process = subprocess.Popen(
            ["make", "up"], cwd=clone, env=environ, stdout=log, stderr=log, start_new_session=True
        )
    url, found = f"http://127.0.0.1:{port}", {}
    waits = {
        "installed_s": lambda: (clone / ".venv/.installed").exists(),
        "page_s": lambda: answer(url + "/") is not None,
        "first_products_s": lambda: bool(hits(url)),
        "all_searchable_s": lambda: hits(url) >= ALL,
    }
    try:
        for what, holds in waits.items():
            while not holds():
                if process.poll() is not None or time.monotonic() - began_s > LIMIT_S:
                    log_text = (clone / "first-start.log").read_text(errors="replace")
                    raise SystemExit(f"{what} was never reached; the log ends with:\n{log_text[-2_000:]}")
                time.sleep(POLL_S)
            found[what] = round(time.monotonic() - began_s, 1)
        return found
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        subprocess.run(["make", "down"], cwd=clone, env=environ, check=True, capture_output=True)


def hits(url: str) -> int:
    """How many products a search by a word finds; 0 while none is answered in full."""
    body = json.dumps({"text": "lamp", "limit": 1}).encode()
    found: Any = json.loads(answer(url + "/v1/search", body) or b"{}")
    return int(found["found"]) if found.get("hits") and not found["degraded"] else 0


def answer(url: str, body: bytes | None = None) -> bytes | None:
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=2) as response:
            return bytes(response.read())
    except OSError:
        return None


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
