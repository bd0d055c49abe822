"""A file system of its own, small enough to be filled: a tmpfs, which needs root."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from schemas.errors import FreshetError

WAIT_S: Final = 10.0
NEEDS: Final = "root, for a file system of its own"


@contextmanager
def small_disk(folder: Path, size_mb: int) -> Iterator[None]:
    """The folder is one while the block lasts, and what was in it is gone afterwards; 0 MB: as it is.

    Raises FreshetError where it may not be mounted.
    """
    if not size_mb:
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    refused = _run("mount", "-t", "tmpfs", "-o", f"size={size_mb}M", "tmpfs", str(folder))
    if refused:
        raise FreshetError(f"no small disk can be mounted at {folder}: {refused}", hint=f"it needs {NEEDS}")
    try:
        yield
    finally:
        let_go(folder)


def let_go(folder: Path) -> None:
    """Also of one that a killed drill left; lazily, since somebody may still stand in it."""
    if folder.is_mount():
        _run("umount", "--lazy", str(folder))


def may_mount(folder: Path) -> bool:
    """`folder`: one that is there and empty."""
    try:
        with small_disk(folder, 1):
            return True
    except FreshetError:
        return False


def _run(*command: str) -> str:
    """What it complains of; empty: nothing."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=WAIT_S, check=False)
    except OSError as error:
        return str(error)
    return "" if done.returncode == 0 else done.stderr.strip() or f"it ended with {done.returncode}"
