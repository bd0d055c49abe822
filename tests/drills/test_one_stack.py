"""One stack with two replicas, as `freshet up` runs it: the short form of the drill, and the death of its supervisor.

The tests build on each other in the order of the file: a stack takes longer to start than most of them.
"""

import json
import os
import signal
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from encoders.build import repair_bundle
from freshet import exit_codes
from freshet.drills.replica_load import Rates
from freshet.drills.up_stack import UpStack
from freshet.runtime import processes
from streams.topics import describe_cluster
from tests.contract.conftest import BUNDLE_FOLDER
from tests.drills.test_replicas_drill import QUICK, drill, kills, rebuilt, rolling
from tests.own_ports import remember_own_ports
from tests.waiting import LIMIT_S, wait_until

pytestmark = pytest.mark.timeout(600)
GENTLE = Rates(products=200, events_per_s=50, queries_per_s=15, texts_every=5)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UpStack]:
    data, model = tmp_path_factory.mktemp("one") / "data", repair_bundle(BUNDLE_FOLDER)
    remember_own_ports(data, replicas=2)
    made = UpStack(data, model, partitions=1, replicas=2, **QUICK)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def test_no_query_fails_while_replicas_are_killed_and_restarted(up: UpStack) -> None:
    faults = {"kill -9": kills(2, 2.0), "restart --rolling": rolling("shard-1", "serving"), "shard rebuild": rebuilt}
    drill(up, up.state(), GENTLE, faults)


def status(up: UpStack) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(up.run("status").stdout)
    return state


def pids(up: UpStack) -> dict[str, int]:
    return {found.name: found.pid for found in up.state().children if found.pid}


def test_a_second_one_on_its_folder_is_refused(up: UpStack) -> None:
    assert set(pids(up)) == {"kafka", "redis", "catalog", "embed", "shard-0", "shard-1", "session", "serving"}
    assert all(found["answers"] for found in status(up)["children"] if found["port"])
    state, second = up.state(), up.run("up", "--port", "0")
    assert second.returncode == exit_codes.FAILED
    assert f"already runs on {up.data} (pid {state.pid}, {state.url})" in second.stderr


def test_a_killed_worker_comes_back_and_a_killed_supervisor_leaves_nothing_behind(up: UpStack) -> None:
    state, restarts = up.state(), up.child("catalog").restarts
    cluster = describe_cluster(state.kafka, 1)
    up.send_signal("catalog", signal.SIGKILL)

    def again() -> bool:
        child = up.child("catalog")
        return child.restarts == restarts + 1 and child.state == "ready"

    wait_until(again, LIMIT_S, "it is started again")
    before = pids(up)
    assert state.pid is not None
    os.kill(state.pid, signal.SIGKILL)
    if sys.platform == "linux":
        wait_until(lambda: not any(map(processes.identity, before.values())), LIMIT_S, "its children die with it")
    assert status(up)["state"] == "killed"

    started = up.start()
    assert started.url == state.url, "the ports are remembered"
    assert describe_cluster(started.kafka, 1) == cluster, "it goes on with the data"
    left, log = pids(up), up.data / "logs" / "up.log"
    assert not set(left.values()) & set(before.values())

    said = len(log.read_text())
    assert up.freshet("down")["ended"] == len(left) + 1
    assert all(processes.identity(pid) is None for pid in left.values())
    assert "killed" not in log.read_text()[said:]
    assert status(up)["state"] == "stopped"
