"""The generated part of docs/resilience.md: the last line of each drill counts, and what was broken is said."""

import pytest

from freshet.drills.catalogue import DRILLS
from freshet.drills.record import Growth
from freshet.reference.resilience_page import controls, drills, growth, last_runs
from schemas.errors import InvalidRequest
from tests.unit.drills.test_record import TOLD

GREW = Growth(
    of="shard", what="memory MB", mean=100, per_hour=30, low=20, high=40, samples=90, seen=3.5, verdict="not flat"
)


def row(text: str, name: str) -> list[str]:
    (line,) = [line for line in text.splitlines() if line.startswith(f"| `{name}` |")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_last_run_of_a_drill_counts() -> None:
    later = TOLD.model_copy(update={"seed": 8, "short": False})
    assert last_runs([TOLD.line(), "", later.line()]) == {"shard-killed": later}


def test_a_run_with_a_guard_turned_off_is_told_apart() -> None:
    red = TOLD.model_copy(
        update={"control": "skip:offsets:1", "verdict": "broken", "differed": ["2 events have no outcome"]}
    )
    lines = [TOLD.line(), red.line()]
    assert last_runs(lines) == {"shard-killed": TOLD}
    told = controls(last_runs(lines, control=True))
    assert row(told, "shard-killed")[2:] == ["2026-01-31, seed 7", "2 events have no outcome"]
    assert row(told, "mixed")[2:] == ["not yet", "-"]


def test_every_drill_has_a_row_with_its_figures() -> None:
    told = drills({"shard-killed": TOLD})
    assert all(len(row(told, name)) == 10 for name in DRILLS)
    assert row(told, "mixed")[3:] == ["not yet", *["-"] * 6]
    assert row(told, "shard-killed")[3:] == [
        "2026-01-31, seed 7, short: 1 faults in 60 s",
        "100; 0, 0, 0",
        "50; 1, 2",
        "1.5",
        "0.1 / - / 0.2",
        "0.1 / - / 0.2",
        "kept",
    ]


def test_what_was_broken_is_said() -> None:
    broken = TOLD.model_copy(update={"verdict": "broken", "differed": ["1 answers went back: probe-1"]})
    assert row(drills({"shard-killed": broken}), "shard-killed")[-1] == "**broken**: 1 answers went back: probe-1"


def test_a_line_of_a_drill_that_is_gone_is_named() -> None:
    with pytest.raises(InvalidRequest, match="no longer a drill: gone"):
        last_runs([TOLD.model_copy(update={"drill": "gone"}).line()])


def test_a_soak_tells_what_grew() -> None:
    assert growth(None) == growth(TOLD) == "Not yet run."
    told = growth(TOLD.model_copy(update={"growth": [GREW]}))
    assert told.splitlines()[-1] == "| shard | memory MB | 100 | +3.5 | +30 (+20 to +40) | 90 | not flat |"
