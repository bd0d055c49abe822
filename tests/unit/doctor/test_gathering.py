"""Each check looks at the real thing: a listener, a full disk, a broken Java, a flipped byte, another cluster."""

import fcntl
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from freshet.doctor import (
    clock,
    cluster,
    disk,
    index,
    jars,
    java,
    leftovers,
    memory,
    model,
    ports,
    processes,
    settings,
    tier,
    versions,
)
from freshet.doctor.finding import Finding
from freshet.doctor.leftovers import gather as gather_leftovers
from freshet.doctor.place import Place, place_of
from freshet.runtime import processes as system_processes
from freshet.runtime.kafka_jars import jars_folder, locked_jars
from freshet.runtime.stack_state import ChildState, StackState, write_state
from freshet.status.stored import newest_snapshots
from index_snapshots.apply import apply
from index_snapshots.folder import replica_folder, shard_folder
from index_snapshots.manifest import Manifest
from index_snapshots.snapshot import write
from schemas.errors import FreshetError
from tests.unit.index_snapshots.making import ORIGIN, document, logged, shard


def place(data: Path, **environ: str) -> Place:
    return place_of("", data, {f"FRESHET_{name.upper()}": value for name, value in environ.items()})


def severities(found: list[Finding]) -> list[str]:
    return [one.severity for one in found]


def snapshot_in(data: Path, times: int = 1) -> Manifest:
    folder = shard_folder(data, 1, 0)
    folder.mkdir(parents=True)
    made = shard()
    apply(logged("documents", [document("a", 1)]), made)
    return [write(made.view, folder, ORIGIN, 2, 1_000) for _ in range(times)][-1]


def flip(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def test_a_port_that_a_listener_holds_is_named_with_its_program(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        (found,) = ports.examine(place(tmp_path, port=str(port)))
    assert found.severity == "problem"
    assert f"port {port} for serving is taken by pid {os.getpid()}" in found.found
    assert severities(ports.examine(place(tmp_path, port=str(port)))) == ["ok"], "free again"


def test_a_full_disk(tmp_path: Path) -> None:
    def full(path: Path) -> os.statvfs_result:
        real = list(os.statvfs(path))
        real[3] = real[4] = 0  # f_bfree, f_bavail
        return os.statvfs_result(real)

    (found,) = disk.judge(disk.gather(place(tmp_path / "new"), full))
    assert "the disk is full: 0 B of" in found.found and "the model 200 MB" in found.found
    assert found.severity == "problem" and "freshet up --data DIR" in found.remedy


def test_what_the_disk_needs_next(tmp_path: Path) -> None:
    manifest = snapshot_in(tmp_path)
    needs = disk.gather(place(tmp_path)).needs
    assert needs["the next snapshots"] == sum(file.size for file in manifest.files.values())
    assert "Kafka" not in disk.gather(place(tmp_path, kafka="k:1")).needs


def test_java_that_is_not_there_does_not_run_or_fails(tmp_path: Path) -> None:
    broken, failing = tmp_path / "broken", tmp_path / "failing"
    broken.write_text("")
    failing.write_text("#!/bin/sh\necho no libjvm >&2\nexit 3\n")
    failing.chmod(0o755)

    def absent() -> Path:
        raise FreshetError("there is no Java")

    for found_java, said in (
        (absent, "there is no Java"),
        (lambda: broken, "does not run"),
        (lambda: failing, "code 3"),
    ):
        (found,) = java.judge(java.gather(place(tmp_path), found_java))
        assert found.severity == "problem" and said in found.found and "make install" in found.remedy


def test_java_of_the_wheel_runs_whatever_other_javas_are_told(tmp_path: Path) -> None:
    facts = java.gather(place_of("", tmp_path, {"JAVA_TOOL_OPTIONS": "-nonsense"}))
    assert (facts.error, facts.others) == ("", ("JAVA_TOOL_OPTIONS",))
    assert severities(java.judge(facts)) == ["ok"]


def test_jars_that_are_missing_or_not_the_locked_ones(tmp_path: Path) -> None:
    here = place_of("", tmp_path, {"XDG_CACHE_HOME": str(tmp_path)})
    assert len(jars.gather(here).missing) == len(locked_jars())
    folder = jars_folder(tmp_path / "freshet", locked_jars())
    folder.mkdir(parents=True)
    name = locked_jars()[0].file_name
    (folder / name).write_bytes(b"something else")
    facts = jars.gather(here)
    assert (facts.other, len(facts.missing)) == ((name,), len(locked_jars()) - 1)


def test_a_flipped_byte_of_a_snapshot_is_found_and_the_older_one_named(tmp_path: Path) -> None:
    newest = snapshot_in(tmp_path, times=2)
    assert severities(index.examine(place(tmp_path))) == ["ok"]
    folder = shard_folder(tmp_path, 1, 0)
    flip(folder / newest.files["bodies-0"].name)  # both snapshots hold this very file
    found = index.examine(place(tmp_path))
    assert severities(found) == ["problem", "problem"]
    assert newest.files["bodies-0"].name in found[0].found and "built from the log" in found[0].found
    assert f"freshet shard rebuild --partition 0 --data {tmp_path}" in found[0].remedy


def test_the_snapshots_of_every_replica_are_examined(tmp_path: Path) -> None:
    snapshot_in(tmp_path)
    other = snapshot_in(replica_folder(tmp_path, 1))
    flip(shard_folder(replica_folder(tmp_path, 1), 1, 0) / other.files["bodies-0"].name)
    (found,) = index.examine(place(tmp_path))
    assert "of shard 0, replica 1 is damaged" in found.found
    assert "freshet shard rebuild --partition 0 --replica 1" in found.remedy
    assert [(one.partition, one.replica) for one in newest_snapshots(tmp_path, 1)] == [(0, 0), (0, 1)]


def test_a_damaged_manifest_leaves_the_older_snapshot(tmp_path: Path) -> None:
    snapshot_in(tmp_path, times=2)
    flip(shard_folder(tmp_path, 1, 0) / "manifest-000000000002.json")
    (found,) = index.examine(place(tmp_path))
    assert "manifest-000000000002.json is damaged" in found.found
    assert "manifest-000000000001.json stands in" in found.found


def test_looking_changes_nothing(tmp_path: Path) -> None:
    snapshot_in(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    here = place(tmp_path)
    for check in (
        settings,
        versions,
        jars,
        ports,
        disk,
        memory,
        clock,
        model,
        index,
        cluster,
        leftovers,
        processes,
        tier,
    ):
        assert check.examine(here)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def kafka_storage(data: Path, cluster_id: str, documents: str = "d") -> None:
    log = data / "kafka" / "log"
    (log / "documents-0").mkdir(parents=True, exist_ok=True)
    (log / "meta.properties").write_text(f"#\n#Sat\ncluster.id={cluster_id}\nnode.id=1\nversion=1\n")
    (log / "documents-0" / "partition.metadata").write_text(f"version: 0\ntopic_id: {documents}")
    (data / "kafka" / "cluster.id").write_text(cluster_id + "\n")


def test_data_of_another_cluster_and_of_a_topic_made_again(tmp_path: Path) -> None:
    snapshot_in(tmp_path)
    assert severities(cluster.examine(place(tmp_path))) == ["ok"], "no Kafka yet"
    kafka_storage(tmp_path, ORIGIN.cluster_id)
    assert severities(cluster.examine(place(tmp_path))) == ["ok"]
    kafka_storage(tmp_path, ORIGIN.cluster_id, documents="d2")
    assert "another topic `documents`" in cluster.examine(place(tmp_path))[0].found
    kafka_storage(tmp_path, "another")
    (found,) = cluster.examine(place(tmp_path))
    assert "is of another Kafka cluster, cluster; another is here" in found.found
    assert "freshet shard rebuild --partition 0" in found.remedy


def test_the_catalogues_store_of_another_cluster_is_told(tmp_path: Path) -> None:
    kafka_storage(tmp_path, "here")
    path = tmp_path / "catalog-0" / "catalog" / "1-0.sqlite"
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as store:
        store.execute("CREATE TABLE facts (name TEXT, value TEXT)")
        store.execute("INSERT INTO facts VALUES ('identity', 'there c o')")
        store.commit()
    (found,) = cluster.examine(place(tmp_path))
    assert (found.severity, "1-0.sqlite is of the Kafka cluster there" in found.found) == ("warning", True)
    path.write_bytes(b"no database at all, but long enough to be looked at as one" * 20)
    assert severities(cluster.examine(place(tmp_path))) == ["ok"], "it is only a cache"


def test_settings_that_are_wrong_or_lie_open(tmp_path: Path) -> None:
    assert "FRESHET_PROT" in settings.examine(place(tmp_path, prot="1"))[0].found
    assert "FRESHET_ADMIN_KEY" in settings.examine(place(tmp_path, host="0.0.0.0"))[0].remedy
    config = tmp_path / "freshet.toml"
    config.write_text('admin_key = "k3y"\n')
    config.chmod(0o644)
    (found,) = settings.examine(place(tmp_path, config=str(config)))
    assert "others may read it" in found.found and "k3y" not in found.model_dump_json()
    config.chmod(0o600)
    assert severities(settings.examine(place(tmp_path, config=str(config)))) == ["ok"]


def test_what_is_installed_is_what_is_required(tmp_path: Path) -> None:
    assert versions.gather(place(tmp_path)).unmet == {}


@pytest.mark.parametrize(
    ("limit", "used", "expected"),
    [("1000", "300", (700, 1000)), ("1000", "1200", (0, 1000)), ("max", "300", (None, None))],
)
def test_memory_of_a_container(tmp_path: Path, limit: str, used: str, expected: tuple[int | None, int | None]) -> None:
    (tmp_path / "memory.max").write_text(limit + "\n")
    (tmp_path / "memory.current").write_text(used + "\n")
    assert memory.room_in(tmp_path) == expected
    assert memory.room_in(tmp_path / "no container") == (None, None)


def test_a_file_from_the_future(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text(StackState(state="stopped").model_dump_json())
    os.utime(tmp_path / "state.json", (4e9, 4e9))
    (found,) = clock.examine(place(tmp_path))
    assert "state.json was changed" in found.found


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that looks like a worker of the folder."""
    (tmp_path / "agents.py").write_text("import time; time.sleep(600)")
    words = [sys.executable, "-m", "agents", "embed"]
    started = subprocess.Popen(words, env={"FRESHET_DATA": str(tmp_path)}, cwd=tmp_path)
    yield started
    started.kill()
    started.wait()


def test_processes_of_a_killed_stack(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    (found,) = leftovers.examine(place(tmp_path))
    assert f"no supervisor knows: embed (pid {sleeper.pid})" in found.found
    name = system_processes.identity(sleeper.pid)
    child = ChildState(name="embed", state="ready", pid=sleeper.pid, started=name)
    write_state(tmp_path, StackState(state="ready", pid=1, started="another boot/1", children=[child]))
    (found,) = leftovers.examine(place(tmp_path))
    assert f"the supervisor was killed, and these still run: embed (pid {sleeper.pid})" in found.found


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who holds a lock")
def test_a_lock_that_another_process_holds(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    assert gather_leftovers(place(tmp_path)).lock_holder is None, "a file alone holds nothing"
    with (tmp_path / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert gather_leftovers(place(tmp_path)).lock_holder == os.getpid()


def test_a_damaged_state_file_is_one_finding_and_no_end(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{")
    assert "state.json" in leftovers.examine(place(tmp_path))[0].found
    assert severities(processes.examine(place(tmp_path))) == ["ok"]


def test_a_model_that_is_damaged(tmp_path: Path) -> None:
    assert severities(model.examine(place(tmp_path))) == ["ok"], "not built yet"
    folder = tmp_path / "models" / "all-MiniLM-L6-v2"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps({"format_version": 1}))
    (found,) = model.examine(place(tmp_path))
    assert found.severity == "problem" and "freshet model build" in found.remedy
    shutil.rmtree(folder)
    (found,) = model.examine(place(tmp_path, model=str(folder)))
    assert "FRESHET_MODEL names" in found.found


def test_the_last_error_of_a_process_in_its_words(tmp_path: Path) -> None:
    log = tmp_path / "shard.log"
    lines = [{"event": "refused", "level": "error", "hint": "rebuild"}, {"event": "stopped", "level": "info"}]
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert processes.last_error(log) == "refused: rebuild"
    assert processes.last_error(tmp_path / "none.log") == ""


def test_nobody_at_an_address_named_on_the_command_line(tmp_path: Path) -> None:
    far = place_of("http://127.0.0.1:1", tmp_path, {})
    assert (far.local, far.url) == (False, "http://127.0.0.1:1")
    assert severities(tier.examine(far)) == ["problem"]


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("/venv/bin/python -P -m agents embed", "embed"),
        ("/venv/bin/python -P -m serving", "serving"),
        ("/venv/bin/python -P -m freshet.demo http://127.0.0.1:8400", "demo"),
        ("/venv/bin/freshet logs -f serving", ""),
        ("tail -f logs/agents.log serving agents", ""),
        ("python -m", ""),
        ("python -m agents", ""),
        ("", ""),
    ],
)
def test_only_what_was_started_as_a_worker_is_one(words: str, name: str) -> None:
    assert leftovers.worker_name(words.split()) == name


def test_a_running_stack_need_not_be_stopped_to_build_a_shard_anew(tmp_path: Path) -> None:
    newest = snapshot_in(tmp_path)
    flip(shard_folder(tmp_path, 1, 0) / newest.files["bodies-0"].name)
    facts = index.gather(place(tmp_path))
    (found,) = index.judge(replace(facts, supervised=True))
    assert found.remedy == f"freshet shard rebuild --partition 0 --data {tmp_path}"


def test_the_socket_that_the_supervisor_keeps_is_the_stacks_own(tmp_path: Path) -> None:
    """This process stands for the supervisor."""
    with socket.create_server(("127.0.0.1", 0)) as kept:
        mine, port = os.getpid(), kept.getsockname()[1]
        started = system_processes.identity(mine)
        write_state(tmp_path, StackState(state="ready", pid=mine, started=started, ports={"serving": port}))
        (found,) = ports.examine(place(tmp_path))
    assert (found.severity, str(port) in found.found) == ("ok", True)
