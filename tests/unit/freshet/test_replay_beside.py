"""The process of a replay ends with the tier that started it, and says what speaks against what is asked."""

import subprocess
import sys

import pytest

from freshet.replay_asked import code_of
from schemas.errors import FreshetError, InvalidRequest, SettingsError, StateRefused, Unavailable
from tests.waiting import LIMIT_S

WAITING = """
import sys, threading
from freshet.replay_beside import end_with_input
end_with_input()
print("started", flush=True)
threading.Event().wait()
"""


def test_it_ends_when_its_tier_does() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WAITING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as replay:
        assert replay.stdin is not None and replay.stdout is not None
        assert replay.stdout.readline() == "started\n"
        assert replay.poll() is None
        replay.stdin.close()
        assert replay.wait(LIMIT_S) == 1


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InvalidRequest("no_answer", "none"), "no_answer"),
        (Unavailable("away"), "unavailable"),
        (StateRefused("gone"), "state_refused"),
        (SettingsError("wrong"), "replay_failed"),
        (FreshetError("odd"), "replay_failed"),
    ],
)
def test_each_error_has_its_code(error: FreshetError, code: str) -> None:
    assert code_of(error) == code
