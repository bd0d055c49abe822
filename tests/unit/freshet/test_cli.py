"""The command starts light, and turns errors into words and exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from freshet import exit_codes
from freshet.cli import exit_code_of
from schemas.errors import FreshetError, InvalidRequest, Overloaded, SettingsError, StateRefused, Unavailable
from tests.waiting import LIMIT_S

HEAVY = ("aiohttp", "confluent_kafka", "encoders", "faust", "jgo", "numpy", "orjson", "pydantic", "rich", "serving")


def freshet(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("FRESHET_")}
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "freshet", *arguments],
        capture_output=True,
        text=True,
        env={**clean, **environ},
        timeout=LIMIT_S,
        check=False,
    )


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['freshet', '--help']\n"
        "from freshet.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=LIMIT_S, check=True)
    assert run.stderr.strip() == "[]"
    for command in ("up", "down", "status", "logs", "topics", "model"):
        assert f"\n  {command} " in run.stdout


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FreshetError("x"), exit_codes.FAILED),
        (StateRefused("x"), exit_codes.FAILED),
        (SettingsError("x"), exit_codes.USAGE),
        (InvalidRequest("code", "x"), exit_codes.USAGE),
        (Unavailable("x"), exit_codes.UNREACHABLE),
        (Overloaded("x"), exit_codes.UNREACHABLE),
    ],
)
def test_exit_codes(error: FreshetError, code: int) -> None:
    assert exit_code_of(error) == code


def test_an_error_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    run = freshet("topics", "ls", "--data", str(tmp_path))
    assert (run.returncode, run.stdout) == (exit_codes.UNREACHABLE, "")
    assert run.stderr == f"error: no Freshet stack runs on {tmp_path}; start one: freshet up\n"


def test_results_on_stdout_as_json(tmp_path: Path) -> None:
    run = freshet("status", "--json", "--data", str(tmp_path))
    assert run.returncode == exit_codes.UNREACHABLE
    assert json.loads(run.stdout)["state"] == "stopped"


def test_down_of_nothing_is_fine(tmp_path: Path) -> None:
    run = freshet("down", "--json", "--data", str(tmp_path))
    assert (run.returncode, json.loads(run.stdout)) == (exit_codes.OK, {"ended": 0})


@pytest.mark.parametrize("arguments", [("up", "--nonsense"), ("nonsense",), ("up", "--port", "http")])
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    assert freshet(*arguments).returncode == exit_codes.USAGE


def test_a_misspelt_setting_is_refused_before_anything_starts(tmp_path: Path) -> None:
    run = freshet("up", "--data", str(tmp_path / "new"), FRESHET_PROT="1")
    assert run.returncode == exit_codes.USAGE
    assert "FRESHET_PROT" in run.stderr
    assert not (tmp_path / "new").exists()


def test_an_open_door_without_a_key_is_refused_before_anything_starts(tmp_path: Path) -> None:
    for arguments in ((), ("--detach",)):
        run = freshet("up", "--data", str(tmp_path / "new"), *arguments, FRESHET_HOST="0.0.0.0")
        assert (run.returncode, run.stdout) == (exit_codes.USAGE, "")
        assert run.stderr.startswith("error: host 0.0.0.0 can be reached from other machines")
        assert "FRESHET_ADMIN_KEY" in run.stderr and run.stderr.count("\n") == 1
    assert not (tmp_path / "new").exists()


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    for arguments in (("import",), ("import", "--dry-run"), ("bench", "import")):
        run = freshet(*arguments, str(tmp_path / "none.jsonl"), "--data", str(tmp_path))
        assert run.returncode == exit_codes.USAGE
        assert run.stderr == f"error: there is no file {tmp_path / 'none.jsonl'}\n"


def test_an_absent_kafka_of_ones_own_is_named(tmp_path: Path) -> None:
    run = freshet("up", "--data", str(tmp_path / "new"), "--port", "0", FRESHET_KAFKA="127.0.0.1:1")
    assert run.returncode == exit_codes.UNREACHABLE
    assert "no Kafka answers at 127.0.0.1:1 (FRESHET_KAFKA)" in run.stderr


@pytest.mark.parametrize("url", ["http://h:abc", "http://h:99999", "http://", "h:0"])
def test_an_address_nobody_can_have_is_wrong_usage(url: str, tmp_path: Path) -> None:
    run = freshet("status", "--url", url, "--data", str(tmp_path))
    assert run.returncode == 2 and "is not an address" in run.stderr
    assert "Traceback" not in run.stderr
