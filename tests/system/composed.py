"""The services of docker-compose.yml as processes of this machine: the same commands and settings, other ports."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from freshet.runtime.ports import free_port
from schemas.settings import as_environ
from tests.compose import ours, read_compose
from tests.system.conftest import PATIENT
from tests.waiting import LIMIT_S

KEY = "a key of the test"
SERVICES = ours(read_compose({"FRESHET_ADMIN_KEY": KEY}))
LIVING = [
    name
    for name, service in SERVICES.items()
    if service["restart"] != "on-failure" and "production" in service["profiles"]
]


class Composed:
    """Processes by service name. Addresses of the Compose network become loopback ones."""

    def __init__(self, kafka: str, redis_url: str, generation: int, model: Path, data: Path) -> None:
        self.ports: dict[int, int] = {}
        for port in range(8400, 8406):
            self.ports[port] = free_port(but_not=set(self.ports.values()))
        self._places = {"kafka:9092": kafka, "redis://redis:6379/0": redis_url}
        self._places |= {
            f"http://{name}:{port}": f"http://127.0.0.1:{own}" for name in LIVING for port, own in self.ports.items()
        }
        self._extra = as_environ({"generation": generation, "model": model, **PATIENT})
        self._data = data
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def environ(self, name: str) -> dict[str, str]:
        given: dict[str, str] = {"FRESHET_PORT": "8400"} | SERVICES[name]["environment"]
        own = {key: self._here(value) for key, value in given.items()}
        folder = self._data / name
        folder.mkdir(exist_ok=True)
        clean = {key: value for key, value in os.environ.items() if not key.startswith("FRESHET_")}
        return clean | own | self._extra | {"FRESHET_DATA": str(folder)}

    def _here(self, value: str) -> str:
        for there, here in self._places.items():
            value = value.replace(there, here)
        return re.sub(r"^(http://127\.0\.0\.1:)?(840\d)\b", lambda m: f"{m[1] or ''}{self.ports[int(m[2])]}", value)

    def start(self, name: str) -> None:
        command = SERVICES[name].get("command") or ["python", "-P", "-m", "serving"]
        words = [sys.executable if word == "python" else word for word in command]
        with (self._data / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(words, env=self.environ(name), stdout=log, stderr=log)

    def log(self, name: str) -> str:
        return (self._data / f"{name}.log").read_text(errors="replace")[-3_000:]

    def stop(self) -> dict[str, int]:
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        return {name: process.wait(LIMIT_S) for name, process in self.processes.items()}
