"""docs/drills.md names, for each promise, tests that are there."""

import re

import pytest

from freshet.reference.__main__ import DOCS
from tests.conftest import REPOSITORY

PROMISES = ("A9", "C1", "C2", "C3", "C6", "C7", "C8", "C9", "C10", "C11", "C12", "D4", "D6", "D7", "D9", "D10", "E3")
"""Those of the catalogue of faults that a snapshot, a replica or the query tier has to keep."""
SECURITY = ("G1", "G2", "G3", "G4", "G5", "G8", "G9")
NAMED = re.compile(r"`(?:tests/[\w/]*/)?(test_\w+\.py)`((?: \([^)]*\*[^)]*\))?)")


def rows() -> list[list[str]]:
    """The cells of each row of the table of promises."""
    table = (DOCS / "drills.md").read_text(encoding="utf-8").partition("## Promise by promise")[2]
    lines = [line for line in table.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def missing(cell: str) -> list[str]:
    """What a cell names that is not there: a file, or words of a test's name."""
    found = []
    for name, places in NAMED.findall(cell):
        texts = [path.read_text(encoding="utf-8") for path in (REPOSITORY / "tests").rglob(name)]
        tests = [test for text in texts for test in re.findall(r"def (test_\w+)", text)]
        words = ["_".join(re.findall(r"\w+", place)) for place in re.findall(r"\*([^*]+)\*", places)]
        found += [
            f"{name}: {word or 'no such file'}" for word in words or [""] if not any(word in test for test in tests)
        ]
    return found


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0][:12])
def test_each_promise_has_its_test_and_what_turns_it_red(row: list[str]) -> None:
    promise, test, control, *_ = row
    assert NAMED.search(test) and control, promise
    assert missing(test) == []


def test_no_promise_is_left_out() -> None:
    told = " ".join(row[0].partition(":")[0] for row in rows()).replace(",", " ").split()
    assert [promise for promise in (*PROMISES, *SECURITY) if promise not in told] == []


def test_what_is_not_there_is_seen() -> None:
    assert missing("`test_golden.py` (*it goes on*)") == []
    assert missing("`test_golden.py` (*it stops*), `tests/unit/test_gone.py`") == [
        "test_golden.py: it_stops",
        "test_gone.py: no such file",
    ]
