"""Which stack a command talks to when an address is given too."""

import os
from pathlib import Path

import pytest

from freshet.runtime import processes
from freshet.runtime.stack_state import ChildState, StackState, write_state
from freshet.target import find_target, same_address, same_workers
from schemas.errors import SettingsError, Unavailable

HERE = "http://127.0.0.1:8400"
OTHER = "http://shop.example:8400"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Of a running stack: this very process is its supervisor."""
    write_running(tmp_path, embed_pid=7)
    return tmp_path


def write_running(folder: Path, embed_pid: int) -> None:
    me = os.getpid()
    children = [
        ChildState(name="embed", state="ready", pid=embed_pid, port=9),
        ChildState(name="shard", state="ready", pid=8),
    ]
    facts = {"state": "ready", "pid": me, "started": processes.identity(me), "url": HERE, "kafka": "here:1"}
    write_state(folder, StackState.model_validate({**facts, "partitions": 3, "children": children}))


def test_the_log_of_the_running_stack_is_not_read_for_another_address(data: Path) -> None:
    with pytest.raises(SettingsError, match=OTHER) as raised:
        find_target(OTHER, data, {}, reads_kafka=True)
    assert "FRESHET_KAFKA" in raised.value.hint and "--no-wait" in raised.value.hint


def test_another_address_with_its_own_kafka(data: Path) -> None:
    found = find_target(OTHER, data, {"FRESHET_KAFKA": "there:1"}, reads_kafka=True)
    assert (found.url, found.kafka, found.partitions, found.metrics) == (OTHER, "there:1", 1, {})


def test_who_reads_no_log_needs_no_kafka(data: Path) -> None:
    found = find_target(OTHER, data, {})
    assert (found.url, found.metrics_of("embed")) == (OTHER, ())


@pytest.mark.parametrize("url", ["", HERE, HERE + "/", "http://localhost:8400"])
def test_the_running_stack_by_its_own_address(data: Path, url: str) -> None:
    found = find_target(url, data, {"FRESHET_KAFKA": "there:1"}, reads_kafka=True)
    assert (found.kafka, found.partitions) == ("here:1", 3)
    assert found.metrics_of("embed") == ("http://127.0.0.1:9/metrics",)


def test_addresses() -> None:
    assert same_address("http://SHOP/", "http://shop:80")
    assert same_address("https://shop", "https://shop:443")
    assert not same_address("http://shop:8400", "http://shop:8401")
    assert not same_address("http://shop:443", "https://shop:443")


def test_a_restarted_worker_is_another(data: Path) -> None:
    target = find_target("", data, {})
    assert same_workers(target, "embed", "", data)
    write_running(data, embed_pid=70)
    assert not same_workers(target, "embed", "", data)
    assert same_workers(target, "shard", "", data)
    write_state(data, StackState(state="stopped"))
    assert not same_workers(target, "embed", "", data)


def test_the_target_is_the_running_stack_or_the_address_that_was_given(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no Freshet stack runs"):
        find_target("", tmp_path, {})
    given = find_target("http://shop.example/", tmp_path, {"FRESHET_ADMIN_KEY": "k", "FRESHET_PARTITIONS": "3"})
    assert (given.url, given.key, given.partitions) == ("http://shop.example", "k", 3)
    assert given.metrics_of("embed") == ()
    me = os.getpid()
    child = ChildState(name="embed", state="ready", pid=me, port=7)
    state = StackState(
        state="ready",
        pid=me,
        started=processes.identity(me),
        url="http://127.0.0.1:9",
        kafka="k:1",
        partitions=2,
        children=[child],
    )
    write_state(tmp_path, state)
    found = find_target("", tmp_path, {})
    assert (found.url, found.kafka, found.partitions) == ("http://127.0.0.1:9", "k:1", 2)
    assert found.metrics_of("embed") == ("http://127.0.0.1:7/metrics",)
    assert found.pids == {"embed": me}
