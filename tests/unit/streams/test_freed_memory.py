"""What a process has freed does not stay its own."""

import subprocess
import sys

import pytest

from streams.freed_memory import ARENAS_MAX, give_back

SMALL = """
import psutil, time
from streams.freed_memory import give_back
kept = [bytes(1_000) for _ in range(60_000)]
last = kept[-1]
held = psutil.Process().memory_info().rss
del kept
{then}
print(held - psutil.Process().memory_info().rss)
"""
"""60 MB in small pieces, of which the last is still used: by itself glibc gives back nothing of them."""

HEAPS = """
import ctypes, threading
from streams.freed_memory import ARENAS_MAX, share_heaps
{first}
there, done = threading.Barrier(9), threading.Barrier(9)

def take():
    allocated = ctypes.CDLL(None).malloc(100_000)
    there.wait()
    done.wait()

threads = [threading.Thread(target=take) for _ in range(8)]
for thread in threads:
    thread.start()
there.wait()
ctypes.CDLL(None).malloc_info(0, ctypes.c_void_p.in_dll(ctypes.CDLL(None), "stdout"))
ctypes.CDLL(None).fflush(None)
done.wait()
"""
"""Eight threads that each have something; then what glibc tells of its heaps."""


LARGE = """
import psutil
from streams.freed_memory import share_heaps
{first}
b"1" * 24_000_000  # from now on glibc keeps what is smaller than this
pieces = [b"1" * 2_000_000 for _ in range(16)]
last = b"1" * 100_000
held = psutil.Process().memory_info().rss
del pieces
print(held - psutil.Process().memory_info().rss)
"""
"""32 MB in large pieces, with a small one behind them that is still used."""


def heaps(first: str) -> int:
    ran = subprocess.run([sys.executable, "-c", HEAPS.format(first=first)], capture_output=True, check=True)
    return ran.stdout.count(b"<heap nr=")


def printed(program: str) -> int:
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    return int(ran.stdout)


def freed(then: str) -> int:
    return printed(SMALL.format(then=then))


def test_memory_is_given_back() -> None:
    if sys.platform != "linux":
        pytest.skip("only glibc can be asked")
    assert freed("give_back()") > 40_000_000 > freed("pass")


def test_it_is_given_back_again_and_again() -> None:
    if sys.platform != "linux":
        pytest.skip("only glibc can be asked")
    kept = """
from streams.freed_memory import keep_small
keep_small(0.01)
while held - psutil.Process().memory_info().rss < 40_000_000:
    time.sleep(0.01)
"""
    assert freed(kept) > 0


def test_it_may_be_asked_at_any_time() -> None:
    give_back()
    give_back()


def test_threads_share_few_heaps() -> None:
    if sys.platform != "linux":
        pytest.skip("only glibc can be asked")
    assert heaps("share_heaps()") <= ARENAS_MAX < heaps("pass")


def test_large_pieces_go_back_at_once() -> None:
    if sys.platform != "linux":
        pytest.skip("only glibc can be asked")
    assert printed(LARGE.format(first="share_heaps()")) > 25_000_000 > printed(LARGE.format(first="pass"))
