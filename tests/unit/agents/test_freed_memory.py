"""What a process has freed does not stay its own."""

import subprocess
import sys

import pytest

from agents.freed_memory import give_back

SMALL = """
import psutil
from agents.freed_memory import give_back
kept = [bytes(1_000) for _ in range(60_000)]
last = kept[-1]
held = psutil.Process().memory_info().rss
del kept
{then}
print(held - psutil.Process().memory_info().rss)
"""
"""60 MB in small pieces, of which the last is still used: by itself glibc gives back nothing of them."""


def freed(then: str) -> int:
    ran = subprocess.run([sys.executable, "-c", SMALL.format(then=then)], capture_output=True, check=True)
    return int(ran.stdout)


def test_memory_is_given_back() -> None:
    if sys.platform != "linux":
        pytest.skip("only glibc can be asked")
    assert freed("give_back()") > 40_000_000 > freed("pass")


def test_it_may_be_asked_at_any_time() -> None:
    give_back()
    give_back()
