"""docker-compose.yml without Docker: each service's own command and settings, on ports of this machine."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from freshet.ports import free_port
from streams.topics import create_topics
from tests.compose import ours, read_compose
from tests.conftest import REPOSITORY
from tests.system.conftest import READY_S, STOP_S, http, wait_until

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
        self.ports = {port: free_port() for port in range(8400, 8406)}
        self._places = {"kafka:9092": kafka, "redis://redis:6379/0": redis_url}
        self._places |= {
            f"http://{name}:{port}": f"http://127.0.0.1:{own}" for name in LIVING for port, own in self.ports.items()
        }
        self._extra = {"FRESHET_GENERATION": str(generation), "FRESHET_MODEL": str(model)}
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
        return {name: process.wait(STOP_S) for name, process in self.processes.items()}


@pytest.fixture(scope="module")
def composed(
    kafka: str, redis_url: str, generations: Iterator[int], model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Composed]:
    made = Composed(kafka, redis_url, next(generations), model, tmp_path_factory.mktemp("composed"))
    create_topics(kafka, int(made.environ("serving")["FRESHET_GENERATION"]), 1)
    for name in LIVING:
        made.start(name)
    yield made
    for process in made.processes.values():
        process.kill()
        process.wait()


def health_command() -> list[str]:
    """The one of the image."""
    found = re.search(
        r'^HEALTHCHECK .*\n    CMD \["python", "-c", "(.*)"\]$', (REPOSITORY / "Dockerfile").read_text(), re.M
    )
    assert found is not None
    return [sys.executable, "-c", found[1]]


def test_every_service_becomes_healthy_by_the_check_of_the_image(composed: Composed) -> None:
    for name in LIVING:
        environ = composed.environ(name)
        wait_until(
            lambda environ=environ: subprocess.run(health_command(), env=environ, capture_output=True).returncode == 0,  # type: ignore[misc]
            READY_S,
            f"{name} is healthy:\n{composed.log(name)}",
        )


def test_what_is_sent_with_the_key_is_found(composed: Composed) -> None:
    url = f"http://127.0.0.1:{composed.ports[8400]}"
    wait_until(lambda: http("GET", f"{url}/readyz")[0] == 200, READY_S, "the door is ready")
    product = {"type": "upsert", "sku": "lamp-1", "title": "Green desk lamp"}
    assert http("POST", f"{url}/v1/catalog", product)[0] == 401
    assert http("POST", f"{url}/v1/catalog", product, headers={"X-Freshet-Key": KEY})[0] == 202

    def found() -> Any:
        return http("POST", f"{url}/v1/search", {"text": "a lamp"})[1]["hits"]

    assert wait_until(found, READY_S, "the product is found")[0]["sku"] == "lamp-1"


def test_every_service_stops_within_its_grace(composed: Composed) -> None:
    assert composed.stop() == dict.fromkeys(LIVING, 0)
