"""Where each engine is installed: in the environment that runs, or in one of its own below DATA/peers."""

import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from bench.peers.engines import Engine
from schemas.errors import FreshetError

INSTALL_MAX_S = 900.0
DONE = "complete"
"""Written last: an environment without it was left half made."""


def folder_of(engine: Engine, data: Path) -> Path:
    return data / "peers" / engine.name


def interpreter(engine: Engine, data: Path) -> Path | None:
    """The Python that has this engine, its own environment first; None when it is installed nowhere."""
    own = folder_of(engine, data)
    if (own / DONE).is_file():
        return own / "bin" / "python"
    return Path(sys.executable) if engine.installed_here else None


def install(engine: Engine, data: Path) -> Path:
    """Makes the engine's own environment, again if there is one. Returns its folder; raises FreshetError."""
    if not engine.packages:
        raise FreshetError(f"{engine.name} needs no environment of its own", hint="it comes with Freshet")
    own = folder_of(engine, data)
    shutil.rmtree(own, ignore_errors=True)
    own.parent.mkdir(parents=True, exist_ok=True)
    _run([sys.executable, "-m", "venv", str(own)], engine, "no environment could be made")
    pip = [str(own / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, *engine.packages], engine, "its packages could not be installed")
    (own / DONE).write_text("\n".join(engine.packages) + "\n")
    return own


def install_command(engine: Engine) -> str:
    return f"freshet bench peers --install {engine.name}"


def _run(command: list[str], engine: Engine, what: str) -> None:
    try:
        done = subprocess.run(
            command,
            env=_environ(os.environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=INSTALL_MAX_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise FreshetError(f"{engine.name}: {what}", hint=f"gave up after {INSTALL_MAX_S:g} s") from None
    if done.returncode:
        raise FreshetError(f"{engine.name}: {what}", hint="\n".join(done.stdout.strip().splitlines()[-3:]))


def _environ(environ: Mapping[str, str]) -> dict[str, str]:
    """With the system's certificates: the pip of an older Python knows only its own, and fails behind a proxy."""
    certificates = ssl.get_default_verify_paths().cafile
    known = {"PIP_CERT": certificates} if certificates else {}
    return known | dict(environ)
