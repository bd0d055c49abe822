"""`freshet drill`: what there is, what is refused, and how a drill is told in words."""

from pathlib import Path

import orjson
import pytest

from freshet.drills.catalogue import DRILLS
from freshet.exit_codes import OK
from freshet.run_drill import DrillOptions, drill, listed, result, stopped_on_error
from schemas.errors import FreshetError, InvalidRequest
from tests.unit.drills.test_record import TOLD

OPTIONS = DrillOptions("mixed", True, 1, False, 10)


def test_every_drill_is_listed_with_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    assert listed(as_json=True) == OK
    told = orjson.loads(capsys.readouterr().out)
    assert [one["name"] for one in told] == [*DRILLS, "soak"]
    assert all(one["done"] and one["holds"] and one["letters"] for one in told)
    listed(as_json=False)
    said = capsys.readouterr().out
    assert all(f"{one.name} (" in said for one in DRILLS.values())


def test_a_drill_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="there is no drill shard; there are: mixed, everything"):
        drill(OPTIONS._replace(name="shard"), tmp_path, True)
    assert list(tmp_path.iterdir()) == []


def test_a_drill_without_a_guard_to_turn_off_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="poison has no guard to turn off") as refused:
        drill(OPTIONS._replace(name="poison", control=True), tmp_path, True)
    assert refused.value.hint == "these have one: mixed, shard-killed"
    assert list(tmp_path.iterdir()) == []


def test_a_stack_that_does_not_stop_does_not_hide_why_the_drill_ended(capsys: pytest.CaptureFixture[str]) -> None:
    stops: list[str] = []

    def stop() -> None:
        stops.append("stop")
        raise FreshetError("freshet down ended with 1")

    with pytest.raises(FreshetError, match="the first"), stopped_on_error(stop):
        raise FreshetError("the first")
    assert stops == ["stop"]
    assert capsys.readouterr().err == "the stack did not stop: freshet down ended with 1\n"
    with stopped_on_error(stop):
        pass
    assert stops == ["stop"]


def test_a_drill_in_words() -> None:
    told = list(result(TOLD, Path("drills")))
    assert told[0].startswith("shard-killed (seed 7): kept; 1 faults in 60 s; 100 events: 0 lost")
    assert "searches 0.1 / - / 0.2 s" in told[2]
    assert told[3:] == ["  drills/shard-killed-7.svg"]


def test_what_was_broken_is_told_with_where_to_look() -> None:
    broken = TOLD.model_copy(update={"verdict": "broken", "differed": ["1 answers went back: probe-1"]})
    told = list(result(broken, Path("drills")))
    assert told[3:] == [
        "  broken: 1 answers went back: probe-1",
        "  drills/shard-killed-7.svg",
        "  what it left: drills/shard-killed-7",
    ]
