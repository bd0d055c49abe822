"""A drill's line of JSON can be read back, and tells its faults from the moment the load began."""

from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from freshet.drills.faults import Fault
from freshet.drills.moments import Struck
from freshet.drills.record import Record, happened, planned
from freshet.drills.schedule import Due

P95S: dict[str, float | None] = {"before": 0.1, "during": None, "after": 0.2}
FIGURES: dict[str, Any] = {
    "events_sent": 100,
    "acked": 100,
    "in_the_log": 101,
    "lost": 0,
    "unaccounted": 0,
    "duplicates": 0,
    "searches": 50,
    "failed": 1,
    "partial": 2,
    "longest_gap_s": 1.5,
    "freshness_p95_s": P95S,
    "query_p95_s": P95S,
    "cores": {"stack": 1.0, "client": 0.1, "others": 0.0, "of": 2},
}
TOLD = Record(
    drill="shard-killed",
    letters=["A2"],
    seed=7,
    short=True,
    day="2026-01-31",
    duration_s=60.0,
    planned=planned([Due(0.0, Fault("kill -9", "shard"))]),
    faults=happened([Struck("kill -9 shard", 105.0, 106.0, 109.5)], 100.0),
    verdict="kept",
    timeline="shard-killed-7.svg",
    **FIGURES,
)


def test_a_line_is_read_back() -> None:
    line = TOLD.line()
    assert "\n" not in line
    assert Record.model_validate_json(line) == TOLD


def test_times_of_faults_count_from_the_beginning_of_the_load() -> None:
    told = orjson.loads(TOLD.line())
    assert told["planned"] == [{"at_s": 0.0, "fault": "kill -9 shard"}]
    assert told["faults"] == [{"fault": "kill -9 shard", "at_s": 5.0, "lasted_s": 1.0, "normal_after_s": 3.5}]


def test_a_line_with_a_field_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValidationError):
        Record.model_validate(TOLD.model_dump() | {"losses": 0})


def test_a_process_that_outlives_its_stack_breaks_a_drill() -> None:
    assert TOLD.outlived_by([]) == TOLD
    told = TOLD.outlived_by(["kafka"])
    assert (told.verdict, told.differed) == ("broken", ["1 processes live on after freshet down: kafka"])
