"""Every setting, its value and who set it; a running process's own; never a secret."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from freshet import commands_explain
from freshet.runtime import processes
from freshet.runtime.stack_state import ChildState, StackState, read_state, write_state
from freshet.show_config import PROCESSES, in_force, settings_of, told
from schemas.errors import SettingsError
from schemas.secrets import MASK


def test_the_names_that_the_shell_completes_are_those_there_are() -> None:
    assert tuple(PROCESSES) == commands_explain.CONFIGURED


def test_each_value_and_where_it_comes_from(tmp_path: Path) -> None:
    config = tmp_path / "freshet.toml"
    config.write_text('search_budget_ms = 100\nport = 9000\nadmin_key = "k3y"\n')
    environ = {"FRESHET_CONFIG": str(config), "FRESHET_PORT": "9001", "FRESHET_SHARDS": "a:1,b:2"}
    rows = {row.name: (row.value, row.origin) for row in settings_of("serving", environ, {"FRESHET_SHARDS": "option"})}
    assert rows["port"] == ("9001", "variable")
    assert rows["search_budget_ms"] == ("100", f"file {config}")
    assert rows["host"] == ("127.0.0.1", "default")
    assert rows["admin_key"] == (MASK, f"file {config}")
    assert rows["shards"] == ("a:1,b:2", "option")
    assert set(rows) == set(PROCESSES["serving"].model_fields)


def test_a_wrong_setting_is_named() -> None:
    with pytest.raises(SettingsError, match="FRESHET_PORT"):
        settings_of("serving", {"FRESHET_PORT": "many"}, {})


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Path]:
    """A stack of two sleeping processes: the supervisor, and a shard that was told a port."""
    sleeps = [sys.executable, "-c", "import time; time.sleep(600)"]
    given = {"FRESHET_LOG_LEVEL": "debug"}
    started = [subprocess.Popen(sleeps, env={**given, **more}) for more in ({}, {"FRESHET_SHARD_PORT": "4711"})]
    supervisor, shard = (process.pid for process in started)
    for pid in (supervisor, shard):
        while not (known := told(pid)) or not known.environ:  # for a moment after exec there is none in /proc
            pass
    child = ChildState(name="shard", state="ready", pid=shard, started=processes.identity(shard))
    state = StackState(state="ready", pid=supervisor, started=processes.identity(supervisor), children=[child])
    write_state(tmp_path, state)
    yield tmp_path
    for process in started:
        process.kill()
        process.wait()


def test_a_running_process_is_asked_what_it_was_told(running: Path) -> None:
    rows = {row.name: row for row in in_force("shard", running, {"FRESHET_SHARD_PORT": "1"}, {})}
    assert (rows["shard_port"].value, rows["shard_port"].origin) == ("4711", "freshet up")
    assert (rows["log_level"].value, rows["log_level"].origin) == ("debug", "variable")
    assert rows["shard_port"].pid is not None
    up = {row.name: row.origin for row in in_force("up", running, {}, {})}
    assert (up["log_level"], up["port"]) == ("variable", "default")


def test_options_of_the_start_are_told_as_such(running: Path) -> None:
    state = read_state(running)
    assert state is not None
    write_state(running, state.model_copy(update={"ports": {"serving": 9000}, "partitions": 2}))
    up = {row.name: (row.value, row.origin) for row in in_force("up", running, {}, {})}
    assert up["port"] == ("9000", "option") and up["partitions"] == ("2", "option")
    assert up["data"] == (str(running), "option")


def test_what_does_not_run_is_shown_as_it_would_be_started(running: Path) -> None:
    (row,) = (row for row in in_force("embed", running, {"FRESHET_EMBED_PORT": "9"}, {}) if row.name == "embed_port")
    assert (row.value, row.origin, row.pid) == ("9", "variable", None)


def test_a_process_that_is_gone_tells_nothing() -> None:
    assert told(None) is None
    ended = subprocess.Popen([sys.executable, "-c", ""], env=dict(os.environ))
    ended.wait()
    assert told(ended.pid) is None
