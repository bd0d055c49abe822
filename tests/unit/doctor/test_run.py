"""The doctor as a whole: in order, with an exit code, and alive when one of its checks is not."""

import json
from pathlib import Path

from freshet import exit_codes
from freshet.doctor.finding import Finding, ok, problem, warning
from freshet.doctor.place import Place, place_of
from freshet.doctor.run import ALL, FROM_AFAR, as_lines, look_for
from tests.unit.freshet.test_cli import freshet


def raises(place: Place) -> list[Finding]:
    raise ZeroDivisionError("a bug")


def test_a_check_that_fails_itself_is_one_finding(tmp_path: Path) -> None:
    checks = (("first", lambda place: [ok("first", "fine")]), ("broken", raises))
    found = look_for(place_of("", tmp_path, {}), checks)
    assert [(one.check, one.severity) for one in found] == [("first", "ok"), ("broken", "warning")]
    assert "ZeroDivisionError" in found[1].found


def test_names_are_unique_and_few_checks_are_for_afar() -> None:
    names = [name for name, _ in ALL]
    assert len(set(names)) == len(names)
    assert [name for name, _ in FROM_AFAR] == ["settings", "versions", "clock", "http tier", "replicas", "alarms"]


def test_a_line_each_and_the_remedy_below() -> None:
    found = [ok("java", "runs"), warning("clock", "jumps", "set it"), problem("disk", "full", "free some")]
    assert as_lines(found, colours=False) == [
        "ok       java        runs",
        "warning  clock       jumps",
        "                     -> set it",
        "problem  disk        full",
        "                     -> free some",
        "",
        "1 problem, 1 warning",
    ]
    assert as_lines(found[:1], colours=False)[-1] == "all is well"
    assert "\x1b[31;1mproblem" in as_lines(found, colours=True)[3]


def test_a_problem_is_exit_code_4_in_words_and_in_json(tmp_path: Path) -> None:
    run = freshet("doctor", "--json", "--data", str(tmp_path), FRESHET_HOST="0.0.0.0")
    found = json.loads(run.stdout)
    assert (run.returncode, found["ok"]) == (exit_codes.MISMATCH, False)
    (bad,) = (one for one in found["findings"] if one["severity"] == "problem")
    assert (bad["check"], "FRESHET_ADMIN_KEY" in bad["remedy"]) == ("settings", True)
    assert list(tmp_path.iterdir()) == []
