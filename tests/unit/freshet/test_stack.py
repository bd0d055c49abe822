"""Ports are chosen once and remembered; the children agree on all of them."""

import dataclasses
import os
import socket
from pathlib import Path

import pytest

from freshet.runtime import kafka
from freshet.runtime.ports import CHOSEN_FROM, free_port, is_free
from freshet.runtime.servers import server_names
from freshet.runtime.shard_processes import replica_count, shard_processes
from freshet.runtime.stack import (
    STORE,
    Stack,
    child_environ,
    children,
    choose_ports,
    port_names,
    shard_addresses,
    shared_store,
)
from freshet.runtime.stack_state import StackState, as_json, read_state, write_state
from schemas.errors import SettingsError
from schemas.replicas import parse_replicas
from schemas.settings import REPLICAS_MAX, SERVERS_MAX, ServingSettings, ShardSettings, UpSettings, read


def stack_in(data: Path, settings: UpSettings, *, own: bool = True) -> Stack:
    return Stack(settings, data, choose_ports(settings, {}), own_kafka=own, own_redis=own)


def told(stack: Stack) -> dict[str, ShardSettings]:
    """What each shard process reads."""
    found = {child.name: child.environ for child in children(stack, {}, stack.data) if child.name.startswith("shard")}
    ours = {
        name: {key: value for key, value in environ.items() if key.startswith("FRESHET_")}
        for name, environ in found.items()
    }
    return {name: read(ShardSettings, environ) for name, environ in ours.items()}


def test_free_ports_stay_out_of_the_range_of_outgoing_connections() -> None:
    ports = choose_ports(UpSettings(port=0), {})
    assert set(ports) == set(port_names(UpSettings()))
    assert len(set(ports.values())) == len(ports)
    assert all(port in CHOSEN_FROM for port in ports.values())


def test_remembered_ports_are_taken_again_while_they_are_free() -> None:
    before = choose_ports(UpSettings(port=0), {})
    with socket.create_server(("127.0.0.1", before["shard"])):
        after = choose_ports(UpSettings(port=0), before)
    assert after["shard"] != before["shard"]
    assert {name: port for name, port in after.items() if name != "shard"} == {
        name: port for name, port in before.items() if name != "shard"
    }


@pytest.mark.parametrize(
    ("settings", "option"),
    [
        ({"port": 1}, "--port"),
        ({"kafka_port": 1, "port": 0}, "FRESHET_KAFKA_PORT"),
        ({"embed_port": 1, "port": 0}, "FRESHET_EMBED_PORT"),
    ],
)
def test_a_configured_port_that_is_taken_says_which_option_to_set(settings: dict[str, int], option: str) -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)), pytest.raises(SettingsError, match=str(port)) as raised:
        choose_ports(UpSettings.model_validate({key: port if value else 0 for key, value in settings.items()}), {})
    assert option in raised.value.hint


def test_configured_ports_of_the_workers_are_taken() -> None:
    workers = ("catalog", "embed", "shard", "session")
    environ = {f"FRESHET_{name.upper()}_PORT": str(free_port()) for name in workers}
    before = choose_ports(UpSettings(port=0), {})
    chosen = choose_ports(read(UpSettings, {"FRESHET_PORT": "0", **environ}), before)
    assert {f"FRESHET_{name.upper()}_PORT": str(chosen[name]) for name in workers} == environ


def test_no_process_takes_the_port_that_was_configured_for_another() -> None:
    port = free_port()
    chosen = choose_ports(UpSettings(port=port), {"kafka": port})
    assert chosen["serving"] == port != chosen["kafka"]


def test_a_port_is_free_or_not() -> None:
    port = free_port()
    assert is_free(port)
    with socket.create_server(("127.0.0.1", port)):
        assert not is_free(port)


def test_the_children_read_what_the_stack_chose(tmp_path: Path) -> None:
    stack = stack_in(tmp_path, UpSettings(port=0, partitions=3))
    environ = {name: value for name, value in child_environ(stack).items() if name.startswith("FRESHET_")}
    serving, shard = read(ServingSettings, environ), told(stack)["shard"]
    assert serving.kafka == shard.kafka == stack.kafka
    assert serving.shards == [f"http://127.0.0.1:{shard.shard_port}"] * 3
    assert (shard.replica, shard.shard_partitions) == (0, [0, 1, 2])
    assert (serving.port, serving.partitions, serving.data) == (stack.ports["serving"], 3, tmp_path)


def test_order_of_the_children(tmp_path: Path) -> None:
    found = {child.name: child for child in children(stack_in(tmp_path, UpSettings(port=0)), os.environ, tmp_path)}
    assert list(found) == ["kafka", "redis", "topics", "model", "catalog", "embed", "shard", "session", "serving"]
    assert found["topics"].after == ("kafka",)
    assert set(found["catalog"].after) == set(found["session"].after) == {"kafka", "redis", "topics"}
    assert set(found["embed"].after) == set(found["shard"].after) == {"kafka", "redis", "topics", "model"}
    assert set(found["serving"].after) == {"kafka", "redis", "topics", "model"}
    assert set(found["serving"].stops_before) == {"catalog", "embed", "shard", "session"}


def test_several_servers_share_the_port_and_have_one_of_their_own(tmp_path: Path) -> None:
    stack = stack_in(tmp_path, UpSettings(port=0, servers=3))
    tier = {child.name: child for child in children(stack, {}, tmp_path) if child.name.startswith("serving")}
    assert list(tier) == ["serving", "serving-1", "serving-2"]
    every = [{k: v for k, v in child.environ.items() if k.startswith("FRESHET_")} for child in tier.values()]
    servers = [read(ServingSettings, environ) for environ in every]
    assert {one.port for one in servers} == {stack.ports["serving"]}
    assert [one.inside_port for one in servers] == [child.port for child in tier.values()]
    assert len({child.port for child in tier.values()} | {stack.ports["serving"]}) == 4
    listeners = [child.listener for child in tier.values()]
    assert all(one is not None and one.fileno() > 0 for one in listeners)  # all on one port
    with pytest.raises(OSError, match="in use"):
        socket.create_server(("127.0.0.1", stack.ports["serving"]))
    for one in listeners:
        assert one is not None
        one.close()
    alone = {child.name: child for child in children(stack_in(tmp_path, UpSettings(port=0)), {}, tmp_path)}["serving"]
    assert "FRESHET_INSIDE_PORT" not in alone.environ


@pytest.mark.parametrize(("servers", "good"), [(0, False), (1, True), (SERVERS_MAX, True), (SERVERS_MAX + 1, False)])
def test_how_many_servers_there_may_be(servers: int, good: bool) -> None:
    if good:
        assert len(server_names(UpSettings(servers=servers))) == servers
    else:
        with pytest.raises(ValueError, match="servers"):
            UpSettings(servers=servers)


def test_each_replica_has_a_process_with_a_port_of_its_own(tmp_path: Path) -> None:
    stack = stack_in(tmp_path, UpSettings(port=0, partitions=2, replicas=3))
    shards = told(stack)
    assert list(shards) == ["shard-0", "shard-1", "shard-2"]
    assert [shard.replica for shard in shards.values()] == [0, 1, 2]
    assert all(shard.shard_partitions == [0, 1] for shard in shards.values())
    ports = [stack.ports[name] for name in shards]
    assert len(set(ports)) == 3
    assert ports == [shard.shard_port for shard in shards.values()]
    environ = {name: value for name, value in child_environ(stack).items() if name.startswith("FRESHET_")}
    assert (
        parse_replicas(read(ServingSettings, environ).shards, 2) == [[f"http://127.0.0.1:{port}" for port in ports]] * 2
    )
    serving = next(child for child in children(stack, os.environ, tmp_path) if child.name == "serving")
    assert set(shards) < set(serving.stops_before)


def test_replicas_share_a_snapshot_store_and_one_alone_needs_none(tmp_path: Path) -> None:
    two = stack_in(tmp_path, UpSettings(port=0, replicas=2))
    assert {shard.snapshot_store for shard in told(two).values()} == {str(tmp_path / STORE)}
    assert shared_store(two, {"FRESHET_SNAPSHOT_STORE": "/srv/snapshots"}) == "/srv/snapshots"
    assert told(stack_in(tmp_path, UpSettings(port=0)))["shard"].snapshot_store == ""


def test_shards_are_dealt_out_as_the_table_says(tmp_path: Path) -> None:
    table = ["0:0|2", "1:0|1|2", "0:1"]
    stack = stack_in(tmp_path, UpSettings(port=0, partitions=3, shard_processes=table))
    shards = {name: (shard.replica, shard.shard_partitions) for name, shard in told(stack).items()}
    assert shards == {"shard-0-0": (0, [0, 2]), "shard-0-1": (0, [1]), "shard-1": (1, [0, 1, 2])}
    first, second, other = (f"http://127.0.0.1:{stack.ports[name]}" for name in shards)
    assert shard_addresses(stack) == [f"{first}|{other}", f"{second}|{other}", f"{first}|{other}"]


def test_the_first_shard_process_takes_the_configured_port() -> None:
    port = free_port()
    chosen = choose_ports(UpSettings(port=0, replicas=2, shard_port=port), {})
    assert chosen["shard-0"] == port != chosen["shard-1"]


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (["0:0|1", "0:1"], r"\[0, 1, 1\]"),
        (["0:0"], r"\[0\]"),
        (["0:0|1", "1:0"], "replica 1"),
        (["1:0|1"], "replica 0"),
        (["0"], "REPLICA:PARTITION"),
        (["0:a"], "REPLICA:PARTITION"),
        (["0:"], "REPLICA:PARTITION"),
        ([f"{replica}:0|1" for replica in range(REPLICAS_MAX + 1)], "at most"),
    ],
)
def test_a_table_that_leaves_a_shard_out_is_refused(table: list[str], says: str) -> None:
    with pytest.raises(SettingsError, match=says) as raised:
        shard_processes(UpSettings(partitions=2, shard_processes=table))
    assert "FRESHET_SHARD_PROCESSES" in raised.value.message
    assert shard_processes(
        UpSettings(partitions=2, shard_processes=[f"{replica}:0|1" for replica in range(REPLICAS_MAX)])
    )


def test_a_table_and_a_number_of_replicas_must_agree() -> None:
    environ = {"FRESHET_SHARD_PROCESSES": "0:0,1:0", "FRESHET_REPLICAS": "2"}
    assert replica_count(read(UpSettings, environ)) == 2
    with pytest.raises(SettingsError, match="names 2 replicas"):
        shard_processes(read(UpSettings, environ | {"FRESHET_REPLICAS": "3"}))
    with pytest.raises(SettingsError, match="replicas"):
        read(UpSettings, {"FRESHET_REPLICAS": str(REPLICAS_MAX + 1)})


def test_the_demo_starts_last_and_stops_first(tmp_path: Path) -> None:
    stack = dataclasses.replace(stack_in(tmp_path, UpSettings(port=0)), with_demo=True)
    *others, demo = children(stack, os.environ, tmp_path)
    assert (demo.name, demo.after) == ("demo", ("serving",))
    assert demo.command[-2:] == ("freshet.demo", stack.url)
    assert "demo" not in {child.name for child in others}


def test_servers_of_ones_own_are_not_started(tmp_path: Path) -> None:
    settings = UpSettings(port=0, kafka="broker:9092", redis_url="redis://cache:6379/0")
    stack = stack_in(tmp_path, settings, own=False)
    assert [child.name for child in children(stack, os.environ, None)][:2] == ["topics", "model"]
    assert (stack.kafka, stack.redis_url) == ("broker:9092", "redis://cache:6379/0")


def test_the_broker_listens_on_loopback_only(tmp_path: Path) -> None:
    node = kafka.KafkaNode(tmp_path, 20_001, 20_002, tmp_path)
    settings = dict(line.split("=", 1) for line in kafka.server_properties(node).splitlines())
    assert settings["listeners"] == "PLAINTEXT://127.0.0.1:20001,CONTROLLER://127.0.0.1:20002"
    assert settings["auto.create.topics.enable"] == "false"


def test_the_cluster_id_is_made_once(tmp_path: Path) -> None:
    made = kafka.cluster_id(tmp_path)
    assert kafka.cluster_id(tmp_path) == made
    assert len(made) == 22
    assert not made.startswith("-")


def test_nobody_answers_for_kafka_on_a_free_port() -> None:
    assert not kafka.answers(f"127.0.0.1:{free_port()}")


def test_other_javas_settings_do_not_reach_ours() -> None:
    environ = {"JAVA_TOOL_OPTIONS": "-agentlib:x", "_JAVA_OPTIONS": "-Xmx9g", "JDK_JAVA_OPTIONS": "-x", "PATH": "/bin"}
    assert kafka.java_environ(environ) == {"PATH": "/bin"}


def test_the_state_is_for_its_owner_and_told_without_passwords(tmp_path: Path) -> None:
    state = StackState(state="ready", redis_url="redis://:geheim@host:6379/0")
    write_state(tmp_path, state)
    assert (tmp_path / "state.json").stat().st_mode & 0o077 == 0
    assert read_state(tmp_path) == state
    assert "geheim" not in as_json(state)


def test_an_address_without_a_port_is_nobodys() -> None:
    assert not kafka.answers("kafkahost")
