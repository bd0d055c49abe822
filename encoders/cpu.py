"""Which instructions this CPU has for low precision."""

from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")


def has_amx_bf16(cpuinfo: Path = CPUINFO) -> bool:
    """Whether the CPU multiplies bf16 tiles (AMX). False where the kernel does not list CPU flags."""
    return "amx_bf16" in _flags(cpuinfo)


def has_avx512_vnni(cpuinfo: Path = CPUINFO) -> bool:
    """Whether the CPU adds up products of 8 bits, 64 at once. False where the kernel does not list CPU flags."""
    return "avx512_vnni" in _flags(cpuinfo)


def _flags(cpuinfo: Path) -> list[str]:
    try:
        text = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return next((line for line in text.splitlines() if line.startswith("flags")), "").split()
