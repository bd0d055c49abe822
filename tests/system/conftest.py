"""One real Redis for the whole session, beside the real Kafka; a stack of real worker processes per test.

Each stack takes its own generation of the topics, so that tests on one broker never meet.
"""

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from encoders.build import repair_bundle
from freshet.drills.plain_http import http as http  # for the tests that import it from here
from freshet.runtime.ports import free_port
from freshet.runtime.redis_server import EmbeddedRedis
from schemas.records import DeadLetter, Outcome, decode, fold
from schemas.settings import as_environ
from schemas.topics import topic_name
from streams.reader import Reader
from streams.topics import create_topics
from tests.contract.conftest import BUNDLE_FOLDER
from tests.waiting import LIMIT_S, wait_until

COMMANDS = {
    "catalog": ["-m", "agents", "catalog"],
    "embed": ["-m", "agents", "embed"],
    "shard": ["-m", "agents", "shard"],
    "session": ["-m", "agents", "session"],
    "serving": ["-m", "serving"],
}
WATCHED = ("catalog", "embed", "shard", "session")
"""Whose health pages the tier watches."""
PATIENT = {"search_budget_ms": 2_000, "suggest_budget_ms": 1_000}
"""A part that an answer lacks is then one that is away, not one that a busy machine was late with."""


@dataclass
class Stack:
    """Worker processes of one generation. `start("catalog")` returns when it is ready."""

    kafka: str
    redis_url: str
    generation: int
    partitions: int
    data: Path
    model: Path
    ports: dict[str, int] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)

    def settings(self, process: str) -> dict[str, str]:
        for name in (process, *WATCHED):
            if name not in self.ports:
                self.ports[name] = free_port(but_not=self.ports.values())
        values: dict[str, object] = {
            "kafka": self.kafka,
            "redis_url": self.redis_url,
            "generation": self.generation,
            "partitions": self.partitions,
            "data": self.data,
            "model": self.model,
            "catalog_port": self.ports["catalog"],
            "embed_port": self.ports["embed"],
            "shard_port": self.ports["shard"],
            "session_port": self.ports["session"],
            "port": self.ports.get("serving", 0),
            "processes": [f"{name}=127.0.0.1:{self.ports[name]}" for name in WATCHED],
            "shards": [f"127.0.0.1:{self.ports['shard']}"] * self.partitions,
            "answer_cache_mb": 0,  # tests ask the same again to see what happens in a search
            **PATIENT,
        }
        return as_environ(values) | self.environ

    def launch(self, process: str, name: str = "", **extra: str) -> subprocess.Popen[bytes]:
        """Starts a process without waiting. `name` tells several of the same kind apart."""
        clean = {key: value for key, value in os.environ.items() if not key.startswith("FRESHET_")}
        logs = self.data / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        with (logs / f"{name or process}.log").open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, *COMMANDS[process]],
                env=clean | self.settings(process) | extra,
                stdout=log,
                stderr=log,
            )
        self.processes[name or process] = child
        return child

    def start(self, process: str, name: str = "", **extra: str) -> subprocess.Popen[bytes]:
        child = self.launch(process, name, **extra)
        self.wait_ready(process, name)
        return child

    def start_all(self, but: str = "") -> None:
        """Starts every kind of process side by side, `but` the one that no test of a file asks for."""
        kinds = [process for process in COMMANDS if process != but]
        for process in kinds:
            self.launch(process)
        for process in kinds:
            self.wait_ready(process)

    def wait_ready(self, process: str, name: str = "") -> None:
        child = self.processes[name or process]

        def ready() -> bool:
            assert child.poll() is None, f"{name or process} left with {child.returncode}:\n{self.log(name or process)}"
            return http("GET", self.url(process, "/readyz"))[0] == 200

        wait_until(ready, LIMIT_S, f"{name or process} is ready:\n{self.log(name or process)}")

    def url(self, process: str, path: str) -> str:
        return f"http://127.0.0.1:{self.ports[process]}{path}"

    def log(self, name: str) -> str:
        path = self.data / "logs" / f"{name}.log"
        return path.read_text(errors="replace")[-4_000:] if path.exists() else ""

    def send_signal(self, name: str, number: signal.Signals) -> None:
        self.processes[name].send_signal(number)

    def kill(self, name: str) -> None:
        child = self.processes.pop(name)
        child.kill()
        child.wait()

    def stop(self, name: str) -> int:
        child = self.processes.pop(name)
        child.terminate()
        return child.wait(LIMIT_S)

    def close(self) -> None:
        for name in list(self.processes):
            self.kill(name)

    def topic(self, base: str) -> str:
        return topic_name(base, self.generation)

    def values(self, base: str) -> list[tuple[bytes, bytes | None]]:
        """All committed records of a topic, partition by partition."""
        reader = Reader(self.kafka)
        try:
            return [
                (record.key or b"", record.value)
                for partition in range(1 if base == "dead-letters" else self.partitions)
                for records in reader.read(
                    self.topic(base), partition, reader.begin_end(self.topic(base), partition)[0]
                )
                for record in records
            ]
        finally:
            reader.close()

    def outcomes(self) -> dict[str, Outcome]:
        """Outcomes folded by event id."""
        folded: dict[str, Outcome] = {}
        for _, value in self.values("outcomes"):
            outcome = decode(Outcome, value or b"")
            folded[outcome.event_id] = fold(folded.get(outcome.event_id), outcome)
        return folded

    def dead_letters(self) -> dict[str, DeadLetter]:
        letters = (decode(DeadLetter, value or b"") for _, value in self.values("dead-letters"))
        return {letter.id: letter for letter in letters}


@pytest.fixture(scope="session")
def model() -> Path:
    return repair_bundle(BUNDLE_FOLDER)


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    server = EmbeddedRedis(tmp_path_factory.mktemp("redis"))
    yield server.start()
    server.stop()


@pytest.fixture(scope="session")
def generations() -> Iterator[int]:
    return itertools.count(1)


@pytest.fixture
def stack(kafka: str, redis_url: str, generations: Iterator[int], tmp_path: Path, model: Path) -> Iterator[Stack]:
    """Topics of two partitions and no process yet."""
    with stack_on(kafka, redis_url, next(generations), tmp_path, model) as made:
        yield made


@pytest.fixture(scope="module")
def module_stack(
    kafka: str, redis_url: str, generations: Iterator[int], tmp_path_factory: pytest.TempPathFactory, model: Path
) -> Iterator[Stack]:
    """The same, for all tests of one file."""
    with stack_on(kafka, redis_url, next(generations), tmp_path_factory.mktemp("stack"), model) as made:
        yield made


@contextmanager
def stack_on(kafka: str, redis_url: str, generation: int, data: Path, model: Path) -> Iterator[Stack]:
    made = Stack(kafka, redis_url, generation, 2, data, model)
    create_topics(kafka, made.generation, made.partitions)
    try:
        yield made
    finally:
        made.close()
