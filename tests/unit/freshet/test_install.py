"""What keeps `make install` from working is said in one line."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import LIMIT_S

SCRIPT = Path(__file__).parents[3] / "scripts" / "install"


def install(folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Runs the script where there is nothing to install; `folder` is all of the PATH."""
    return subprocess.run(
        ["/bin/sh", str(SCRIPT)],
        cwd=folder,
        env={"PATH": str(folder), "HOME": str(folder), **environ},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


def python_that(folder: Path, name: str, refuses: str) -> None:
    """A Python on the PATH that fails whenever its code speaks of `refuses`."""
    script = f'#!/bin/sh\ncase "$*" in *{refuses}*) exit 1;; esac\nexec {sys.executable} "$@"\n'
    (folder / name).write_text(script)
    (folder / name).chmod(0o755)


@pytest.mark.parametrize("python", ["/nowhere/python3", "python3"])
def test_a_python_that_does_not_fit(tmp_path: Path, python: str) -> None:
    python_that(tmp_path, "python3", refuses="version_info")
    run = install(tmp_path, PYTHON=python)
    assert run.returncode == 1
    assert run.stderr == f"error: PYTHON={python} is not a Python 3.11, 3.12 or 3.13 that runs\n"


def test_no_python_at_all(tmp_path: Path) -> None:
    run = install(tmp_path)
    assert (run.returncode, run.stderr.count("\n")) == (1, 1)
    assert run.stderr.startswith("error: no Python 3.11, 3.12 or 3.13 found; install one")


def test_a_python_without_ensurepip(tmp_path: Path) -> None:
    python_that(tmp_path, "python3", refuses="ensurepip")
    run = install(tmp_path)
    assert run.returncode == 1
    assert "error: python3 has no ensurepip: install your system's python3-venv package, or uv" in run.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["python3"]
