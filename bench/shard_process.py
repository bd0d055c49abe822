"""The real shard process, started as it is in production: how long until it is ready, and what it says it did."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final
from urllib.error import URLError
from urllib.request import urlopen

import orjson

from bench.subject import SubjectFailed

LOOK_S: Final = 0.01
READY_S_MAX: Final = 600.0
STEPS: Final = {
    "snapshot fetched": "fetch_s",
    "snapshot restored": "restore_s",
    "words indexed": "words_s",
    "caught up": "tail_s",
}
"""What its log lines time."""


class ShardProcess:
    """`python -m agents shard`, killed at the end like a machine that fails. Use it in a `with`."""

    def __init__(self, settings: Mapping[str, object], port: int, log: Path) -> None:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("FRESHET_")}
        given = {"shard_port": port, **settings}
        environ |= {f"FRESHET_{key.upper()}": str(value) for key, value in given.items()}
        self._log, self._port = log, port
        self._began_s = time.monotonic()
        with log.open("wb") as file:
            command = [sys.executable, "-m", "agents", "shard"]
            self._process = subprocess.Popen(command, stdout=file, stderr=file, env=environ)

    def until_ready(self) -> dict[str, Any]:
        """Seconds from its start until it is ready, and those of its steps. Raises SubjectFailed."""
        while time.monotonic() - self._began_s < READY_S_MAX:
            if self._process.poll() is not None:
                raise SubjectFailed(f"the shard process ended with code {self._process.returncode}", hint=self._said())
            if self._ready():
                return {"ready_s": round(time.monotonic() - self._began_s, 3), **self._steps()}
            time.sleep(LOOK_S)
        raise SubjectFailed(f"the shard process is not ready after {READY_S_MAX:g} s", hint=self._said())

    def _ready(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self._port}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def _steps(self) -> dict[str, Any]:
        lines = [orjson.loads(line) for line in self._log.read_bytes().splitlines() if line.startswith(b"{")]
        return {
            **{step: line["took_s"] for line in lines if (step := STEPS.get(line.get("event", "")))},
            **{name: line[name] for line in lines for name in ("records", "rows", "waited_s") if name in line},
        }

    def _said(self) -> str:
        return self._log.read_text(errors="replace")[-2_000:]

    def __enter__(self) -> "ShardProcess":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
