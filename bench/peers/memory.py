"""What processes and all their children hold in memory, as Linux shares it out (Pss)."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

PROC = Path("/proc")
PSS = re.compile(rb"^Pss:\s+(\d+) kB$", re.MULTILINE)


def pss_mb(pids: Iterable[int]) -> float | None:
    """MB (10^6 bytes) of these processes and their descendants; None where the system does not tell."""
    sizes = [size for pid in with_descendants(pids) if (size := _pss_kb(pid)) is not None]
    return round(sum(sizes) * 1024 / 1e6, 1) if sizes else None


def with_descendants(pids: Iterable[int]) -> set[int]:
    children: dict[int, list[int]] = {}
    for pid, parent in _parents():
        children.setdefault(parent, []).append(pid)
    found: set[int] = set()
    waiting = list(pids)
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting.extend(children.get(pid, ()))
    return found


def holding(folder: Path) -> set[int]:
    """Processes whose command line names something in this folder: servers that outlived who started them."""
    named = str(folder).encode()
    return {int(entry.name) for entry in _processes() if named in _read(entry / "cmdline")}


def _parents() -> Iterator[tuple[int, int]]:
    for entry in _processes():
        if stat := _read(entry / "stat"):
            # The name in brackets may hold anything, so what follows the last bracket is read.
            yield int(entry.name), int(stat.rpartition(b")")[2].split()[1])


def _processes() -> Iterator[Path]:
    return PROC.glob("[0-9]*")


def _pss_kb(pid: int) -> int | None:
    found = PSS.search(_read(PROC / str(pid) / "smaps_rollup"))
    return int(found[1]) if found else None


def _read(file: Path) -> bytes:
    """Nothing of a process that is gone, or that is not ours to see."""
    try:
        return file.read_bytes()
    except OSError:
        return b""
