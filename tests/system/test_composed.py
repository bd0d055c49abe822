"""docker-compose.yml without Docker: its services serve a search and do what the quick start says."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from streams.topics import create_topics
from tests.conftest import REPOSITORY
from tests.console import Shell, check, commands
from tests.system.composed import KEY, LIVING, Composed
from tests.system.conftest import http
from tests.waiting import LIMIT_S, wait_until


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
    def healthy(name: str) -> bool:
        assert composed.processes[name].poll() is None, f"{name} has ended:\n{composed.log(name)}"
        return subprocess.run(health_command(), env=composed.environ(name), capture_output=True).returncode == 0

    def listens(name: str) -> bool:
        return http("GET", composed.environ(name)["HEALTH_URL"])[0] > 0

    for name in LIVING:
        wait_until(partial(listens, name), LIMIT_S, f"{name} listens")  # the check itself takes a process each time
        wait_until(partial(healthy, name), LIMIT_S, f"{name} is healthy")


def test_the_tier_sees_every_worker(composed: Composed) -> None:
    url, key = f"http://127.0.0.1:{composed.ports[8400]}", {"X-Freshet-Key": KEY}

    def states() -> dict[str, str]:
        found = http("GET", f"{url}/v1/processes", headers=key)[1]["processes"]
        return {each["name"]: each["state"] for each in found}

    wait_until(lambda: states() == dict.fromkeys(states(), "up") and set(LIVING) <= set(states()), LIMIT_S, "all up")


def test_what_is_sent_with_the_key_is_found(composed: Composed) -> None:
    url = f"http://127.0.0.1:{composed.ports[8400]}"
    wait_until(lambda: http("GET", f"{url}/readyz")[0] == 200, LIMIT_S, "the door is ready")
    product = {"type": "upsert", "sku": "lamp-1", "title": "Green desk lamp"}
    assert http("POST", f"{url}/v1/catalog", product)[0] == 401
    assert http("POST", f"{url}/v1/search", {"text": "a lamp"})[0] == 401
    assert http("POST", f"{url}/v1/catalog", product, headers={"X-Freshet-Key": KEY})[0] == 202

    def found() -> Any:
        return http("POST", f"{url}/v1/search", {"text": "a lamp"}, headers={"X-Freshet-Key": KEY})[1]["hits"]

    assert wait_until(found, LIMIT_S, "the product is found")[0]["sku"] == "lamp-1"


QUICKSTART = (REPOSITORY / "docs" / "quickstart.md").read_text(encoding="utf-8")


def test_the_quick_start_does_what_it_says(composed: Composed, tmp_path: Path) -> None:
    """Its address, its topics (of this test's generation) and the key are put in; all else is run as it stands."""
    generation = composed.environ("serving")["FRESHET_GENERATION"]
    text = QUICKSTART.replace("http://127.0.0.1:8400", f"http://127.0.0.1:{composed.ports[8400]}")
    if generation != "1":
        text = re.sub(r'((?:produce|records)\("[a-z]+)"', rf'\1.{generation}"', text)
    curl = tmp_path / "bin" / "curl"
    curl.parent.mkdir()
    curl.write_text(f"#!/bin/sh\nexec {shutil.which('curl')} -H 'X-Freshet-Key: {KEY}' \"$@\"\n")
    curl.chmod(0o755)
    environ = composed.environ("serving") | {
        "FRESHET_HOST": "127.0.0.1",
        "FRESHET_DATA": str(tmp_path / "none"),
        "PATH": f"{curl.parent}:{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    shell = Shell(tmp_path, environ)
    try:
        for command in commands(text):
            if not command.text.startswith(". .venv"):
                check(shell, command)
    finally:
        shell.close()


def test_every_service_stops_within_its_grace(composed: Composed) -> None:
    assert composed.stop() == dict.fromkeys(LIVING, 0)
