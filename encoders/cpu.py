"""Which instructions this CPU has for low precision."""

from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")


def has_amx_bf16(cpuinfo: Path = CPUINFO) -> bool:
    """Whether the CPU multiplies bf16 tiles (AMX). False where the kernel does not list CPU flags."""
    try:
        text = cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    flags = next((line for line in text.splitlines() if line.startswith("flags")), "")
    return "amx_bf16" in flags.split()
