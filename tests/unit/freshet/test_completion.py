"""The shell completes commands, processes and options, fast enough for a key press."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.freshet.test_cli import HEAVY
from tests.waiting import LIMIT_S

OURS = tuple(name for name in HEAVY if name != "pydantic")
"""Typer imports that itself as soon as there are words to complete."""


def complete(words: str, folder: Path) -> list[str]:
    """What bash would offer after `words`."""
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("FRESHET_")},
        "_FRESHET_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
        "FRESHET_DATA": str(folder),
    }
    code = (
        "import sys; sys.argv = ['freshet']\nfrom freshet.cli import main\n"
        "try: main()\n"
        "finally: print([name for name in " + repr(OURS) + " if name in sys.modules], file=sys.stderr)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert run.stderr.strip() == "[]", "nothing heavy is imported for it"
    return run.stdout.split()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for data, names in (("data", ("shard", "serving", "up")), ("other", ("demo",))):
        (tmp_path / data / "logs").mkdir(parents=True)
        for name in names:
            (tmp_path / data / "logs" / f"{name}.log").touch()
    return tmp_path


def test_commands(folder: Path) -> None:
    assert complete("freshet sta", folder) == ["status"]


def test_processes_that_have_a_log(folder: Path) -> None:
    assert complete("freshet logs ", folder / "data") == ["serving", "shard", "up"]
    assert complete("freshet logs s", folder / "data") == ["serving", "shard"]
    assert complete(f"freshet logs --data {folder / 'other'} ", folder / "data") == ["demo"]
    assert complete("freshet logs ", folder / "nowhere") == []


def test_processes_that_have_settings(folder: Path) -> None:
    assert complete("freshet config show s", folder) == ["shard", "session", "serving"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_each_shell(shell: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "freshet", "completion", shell],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=True,
    )
    assert f"_FRESHET_COMPLETE=complete_{shell}" in run.stdout
