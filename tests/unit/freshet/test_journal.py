"""The supervisor's own lines: JSON in up.log, once, and what was told is read back from them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from freshet.runtime.journal import Journal, as_json, to_stderr, words_of
from tests.waiting import LIMIT_S


def test_each_line_is_told_and_written_with_its_level(tmp_path: Path) -> None:
    told: list[tuple[str, str]] = []
    journal = Journal(tmp_path / "logs" / "up.log", lambda line, level="info", /: told.append((line, level)))
    journal.say("redis ready")
    journal.warn("catalog was ended by signal 9")
    assert told == [("redis ready", "info"), ("catalog was ended by signal 9", "warning")]
    written = [json.loads(line) for line in (tmp_path / "logs" / "up.log").read_text().splitlines()]
    assert [(line["event"], line["level"], line["process"]) for line in written] == [
        ("redis ready", "info", "up"),
        ("catalog was ended by signal 9", "warning", "up"),
    ]


def test_stderr_that_is_the_log_already_is_written_once(tmp_path: Path) -> None:
    log = tmp_path / "up.log"
    code = (
        "import sys; from pathlib import Path; from freshet.runtime.journal import Journal, to_stderr\n"
        "Journal(Path(sys.argv[1]), to_stderr).say('hello')"
    )
    with log.open("ab") as output:
        subprocess.run([sys.executable, "-c", code, str(log)], stderr=output, timeout=LIMIT_S, check=True)
    assert [json.loads(line)["event"] for line in log.read_text().splitlines()] == ["hello"]


def test_json_where_stderr_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    to_stderr("ready")
    assert json.loads(capsys.readouterr().err)["event"] == "ready"


@pytest.mark.parametrize("text", ["error: a folder", "Traceback", ""])
def test_what_was_said_comes_back_as_words(text: str) -> None:
    assert words_of(text) == text
    assert words_of(as_json(text, "info")) == text
