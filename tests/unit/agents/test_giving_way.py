"""What can wait is nice: its process, and where sessions share the cores also its session."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agents.giving_way import NICE
from tests.waiting import LIMIT_S


def given_way(session: Path, *, leads: bool, nice: int = 0) -> int:
    """The niceness of a process that has given way."""
    code = f"""
import os
from pathlib import Path
from agents.giving_way import give_way
os.nice({nice})
give_way(Path({str(session)!r}))
print(os.getpriority(os.PRIO_PROCESS, 0))
"""
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=True,
        start_new_session=leads,
    )
    return int(run.stdout)


@pytest.fixture
def session(tmp_path: Path) -> Path:
    file = tmp_path / "autogroup"
    file.write_text("0")
    return file


def test_a_process_and_the_session_that_it_leads(session: Path) -> None:
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    assert given_way(session, leads=True) == max(NICE, ours)
    assert session.read_text() == str(NICE)


def test_not_the_session_of_others(session: Path) -> None:
    given_way(session, leads=False)
    assert session.read_text() == "0"


def test_who_is_nicer_stays_so_and_a_kernel_without_sessions_is_no_error(tmp_path: Path) -> None:
    nicer = NICE + 1
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    assert given_way(tmp_path / "nothing" / "here", leads=True, nice=nicer) == min(19, ours + nicer)
