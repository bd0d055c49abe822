"""docs/resilience.md names, for each promise, tests that are there."""

import re

import pytest

from freshet.drills.catalogue import DRILLS
from freshet.drills.soak import MINUTES, soak
from freshet.reference.__main__ import DOCS
from tests.conftest import REPOSITORY

PROMISES = tuple(
    f"{letter}{number}"
    for letter, numbers in {
        "A": (1, 2, 3, 4, 5, 6, 7, 9),
        "B": (1, 2, 3, 4),
        "C": (1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12),
        "D": (1, 2, 3, 4, 6, 7, 9, 10),
        "E": (1, 2, 3, 4, 5, 6, 7, 8, 9, 11),
        "F": (1, 2, 3),
        "G": (1, 2, 3, 4, 5, 8, 9),
    }.items()
    for number in numbers
)
"""Of the catalogue of faults."""
IN_SHORT = ("A1", "A2", "A5", "C1", "C2", "D1", "D4", "E1")
"""`make test` must have them."""
NOT_HERE = "**not made here**"
NAMED = re.compile(r"`(?:tests/[\w/]*/)?(test_\w+\.py)`((?: \([^)]*\*[^)]*\))?)")


def rows() -> list[list[str]]:
    """The cells of each row of the table of promises."""
    table = (
        (DOCS / "resilience.md")
        .read_text(encoding="utf-8")
        .partition("## Promise by promise")[2]
        .partition("\nIn `make test`")[0]
    )
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
    promise, test, control, seen = row
    assert NOT_HERE in test or (NAMED.search(test) and control.strip("- ") and seen), promise
    assert missing(test) == [] and missing(control) == []
    assert (
        set(re.findall(r"`([a-z-]+)`", "".join(re.findall(r"drills? ((?:`[a-z-]+`(?:, )?)+)", test)))) <= DRILLS.keys()
    )


def letters(row: list[str]) -> list[str]:
    return re.findall(r"[A-H]\d+", row[0].partition(":")[0])


def test_no_promise_is_left_out() -> None:
    told = {letter for row in rows() for letter in letters(row)}
    assert [promise for promise in PROMISES if promise not in told] == []
    assert [one.name for one in (*DRILLS.values(), soak(MINUTES)) if not set(one.letters) <= told] == []


def test_what_make_test_must_have_is_named() -> None:
    told = (
        (DOCS / "resilience.md")
        .read_text(encoding="utf-8")
        .partition("In `make test` (short): ")[2]
        .partition("\n\n")[0]
    )
    assert [letter for letter in IN_SHORT if not re.search(rf"\b{letter}\b", told)] == []
    assert missing(told) == []


def test_what_is_not_there_is_seen() -> None:
    assert missing("`test_golden.py` (*it goes on*)") == []
    assert missing("`test_golden.py` (*it stops*), `tests/unit/test_gone.py`") == [
        "test_golden.py: it_stops",
        "test_gone.py: no such file",
    ]
