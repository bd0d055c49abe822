"""A process under measurement: told what to do line by line, so that it shares neither lock nor memory with others."""

import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Final

import orjson

from schemas.errors import FreshetError

STANDARD_ERROR: Final = 2
CLOSE_S: Final = 20.0
ANSWER_CHARS_MAX: Final = 4_000
"""Of a failure's traceback: its end says what happened."""
Command = Callable[..., dict[str, Any] | None]


class SubjectFailed(FreshetError):
    """A measured process could not do what it was told, or ended."""


class Subject:
    """Starts `python -m module` with its set-up as JSON and asks it things. Use it in a `with`."""

    def __init__(self, module: str, setup: Mapping[str, Any]) -> None:
        self._module = module
        command = [sys.executable, "-m", module, orjson.dumps(setup).decode()]
        reading, writing = os.pipe()
        self._process = subprocess.Popen(
            [*command, str(writing)], stdin=subprocess.PIPE, stdout=STANDARD_ERROR, pass_fds=(writing,)
        )
        os.close(writing)
        self._answers = os.fdopen(reading, "rb")

    def ask(self, command: str, **how: Any) -> dict[str, Any]:
        """Waits for the answer. Raises SubjectFailed."""
        self.tell(command, **how)
        return self.answer()

    def tell(self, command: str, **how: Any) -> None:
        """Lets it begin; `answer` waits for what it has to say."""
        assert self._process.stdin
        try:
            self._process.stdin.write(orjson.dumps([command, how]) + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise self._ended() from None

    def answer(self) -> dict[str, Any]:
        line = self._answers.readline()
        if not line:
            raise self._ended()
        answer: dict[str, Any] = orjson.loads(line)
        if "failed" in answer:
            raise SubjectFailed(f"{self._module}: {answer['failed']}", hint="the last lines say what happened")
        return answer

    def _ended(self) -> SubjectFailed:
        code = self._process.wait()
        return SubjectFailed(f"{self._module} ended with code {code}", hint="what it said stands above")

    def __enter__(self) -> "Subject":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        assert self._process.stdin
        try:
            self._process.stdin.close()
            self._process.wait(CLOSE_S)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            self._process.kill()
            self._process.wait()
        self._answers.close()


def setup() -> dict[str, Any]:
    """What this process was started with."""
    found: dict[str, Any] = orjson.loads(sys.argv[1])
    return found


def obey(commands: Mapping[str, Command]) -> None:
    """Does what standard input says, until it is closed. Answers go through a pipe of their own: others print."""
    with os.fdopen(int(sys.argv[2]), "wb") as answers:
        for line in sys.stdin.buffer:
            name, how = orjson.loads(line)
            try:
                answer = commands[name](**how) or {}
            except Exception:  # noqa: BLE001  the process that asked decides
                answer = {"failed": traceback.format_exc()[-ANSWER_CHARS_MAX:]}
            answers.write(orjson.dumps(answer) + b"\n")
            answers.flush()
