"""Processes are known by number and start time, and only those are signalled."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from freshet.runtime import processes

SLEEPS = (sys.executable, "-c", "import time; time.sleep(600)")


@pytest.fixture
def neighbour() -> Iterator[subprocess.Popen[bytes]]:
    """A process in our own group, as one that a shell script or make started."""
    process = subprocess.Popen(SLEEPS)
    yield process
    process.kill()
    process.wait()


def test_a_process_has_one_identity_until_it_is_dead(neighbour: subprocess.Popen[bytes]) -> None:
    name = processes.identity(neighbour.pid)
    assert name is not None
    assert processes.identity(neighbour.pid) == name
    assert processes.identity(os.getpid()) not in (None, name)
    neighbour.kill()
    while neighbour.poll() is None:
        pass
    assert processes.identity(neighbour.pid) is None


def test_ending_a_process_spares_the_others_of_its_group(neighbour: subprocess.Popen[bytes]) -> None:
    other = subprocess.Popen(SLEEPS)
    name = processes.identity(neighbour.pid)
    assert name is not None
    assert processes.send(neighbour.pid, name, signal.SIGTERM)
    assert neighbour.wait() == -signal.SIGTERM
    assert other.poll() is None
    other.kill()
    other.wait()


def test_another_process_with_the_same_number_is_left_alone(neighbour: subprocess.Popen[bytes]) -> None:
    assert not processes.send(neighbour.pid, "somebody else", signal.SIGKILL)
    assert not processes.end(neighbour.pid, "somebody else", 1.0)
    assert neighbour.poll() is None
