"""What a process and its children cost: CPU seconds and memory."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil


def cpu_seconds() -> dict[str, float]:
    """User and system time of this process, and of the processes it started, those that have ended included."""
    own = psutil.Process()
    times = own.cpu_times()
    children = times.children_user + times.children_system
    for child in _alive(own):
        spent = child.cpu_times()
        children += spent.user + spent.system
    return {"own_s": times.user + times.system, "children_s": children}


def memory_mb() -> dict[str, float]:
    """Proportional set size (a page shared by n processes counts 1/n) of this process and of its children."""
    own = psutil.Process()
    return {
        "pss_mb": pss_mb(own),
        "children_pss_mb": round(sum(pss_mb(child) for child in _alive(own)), 1),
        "rss_mb": round(own.memory_info().rss / 1e6, 1),
    }


def folder_mb(folder: Path) -> float:
    """Bytes of all files in it; two names of one file count once."""
    sizes = {}
    for path in folder.rglob("*"):
        try:
            if path.is_file():
                stat = path.stat()
                sizes[stat.st_dev, stat.st_ino] = stat.st_size
        except FileNotFoundError:  # replaced meanwhile
            continue
    return round(sum(sizes.values()) / 1e6, 1)


def _alive(process: Any) -> Iterator[Any]:
    for child in process.children(recursive=True):
        try:
            if child.status() != psutil.STATUS_ZOMBIE:
                yield child
        except psutil.NoSuchProcess:
            continue


def own_mb(process: Any) -> float:
    """What it has allocated: without files, whose pages the kernel takes back, and of which it has a larger share
    whenever another process ends. Where the kernel does not tell them apart, all of it. Raises psutil.Error."""
    try:
        lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return pss_mb(process)
    found = [line.split()[1] for line in lines if line.startswith("Pss_Anon:")]
    return round(int(found[0]) * 1024 / 1e6, 1) if found else pss_mb(process)


def pss_mb(process: Any) -> float:
    try:
        return round(float(process.memory_full_info().pss) / 1e6, 1)
    except psutil.NoSuchProcess:
        return 0.0
