"""Commands find the running stack by its folder, else by the environment, else say how to start one."""

import os
from pathlib import Path

import pytest

from freshet.running import find_running
from freshet.runtime import processes
from freshet.runtime.data_lock import held
from freshet.runtime.stack_state import FILE, StackState, read_state, write_state
from freshet.status.look import look_at
from freshet.status.table import as_lines
from freshet.status.where import where
from schemas.errors import StateRefused, Unavailable


def running_state(**changed: object) -> StackState:
    """A stack whose supervisor is this very process."""
    known = {"state": "ready", "pid": os.getpid(), "started": processes.identity(os.getpid()), "url": "http://here:1"}
    return StackState.model_validate({**known, "kafka": "here:2", "redis_url": "redis://here:3/0", **changed})


def test_the_stack_of_the_folder(tmp_path: Path) -> None:
    write_state(tmp_path, running_state(partitions=4))
    found = find_running(tmp_path, {})
    assert (found.url, found.kafka, found.redis_url, found.partitions) == (
        "http://here:1",
        "here:2",
        "redis://here:3/0",
        4,
    )
    assert find_running(None, {"FRESHET_DATA": str(tmp_path)}) == found


def test_a_later_process_with_the_same_number_is_not_the_supervisor(tmp_path: Path) -> None:
    write_state(tmp_path, running_state(started="another boot/1"))
    with pytest.raises(Unavailable, match="no Freshet stack runs") as raised:
        find_running(tmp_path, {})
    assert "freshet up" in raised.value.hint
    assert look_at(where("", tmp_path, {})).state == "killed"


def test_the_environment_names_a_stack_that_up_did_not_start(tmp_path: Path) -> None:
    environ = {"FRESHET_DATA": str(tmp_path), "FRESHET_KAFKA": "k:9092", "FRESHET_PORT": "9000"}
    found = find_running(None, environ)
    assert (found.url, found.kafka) == ("http://127.0.0.1:9000", "k:9092")


def test_nothing_was_ever_started(tmp_path: Path) -> None:
    found = look_at(where("", tmp_path, {}))
    assert (found.running, found.well, found.state, found.children) == (False, False, "stopped", [])
    assert as_lines(found) == [f"no stack runs on {tmp_path}; start one: freshet up"]


def test_a_damaged_state_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("{")
    with pytest.raises(StateRefused, match=FILE):
        read_state(tmp_path)


def test_the_state_file_is_replaced_in_one_step(tmp_path: Path) -> None:
    for state in (running_state(), running_state(state="stopping")):
        write_state(tmp_path, state)
        assert read_state(tmp_path) == state
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_the_lock_has_one_holder(tmp_path: Path) -> None:
    with held(tmp_path / "new", ""), pytest.raises(StateRefused, match="already runs"), held(tmp_path / "new", ""):
        pass
    with held(tmp_path / "new", ""):
        pass
