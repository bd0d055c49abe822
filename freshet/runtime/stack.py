"""The one-machine stack: which children `freshet up` runs, on which ports, with which settings."""

import http.client
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from freshet.remedies import another_port
from freshet.runtime import kafka, redis_server
from freshet.runtime.bytecode import with_bytecode
from freshet.runtime.listener import Listener
from freshet.runtime.log_files import log_file
from freshet.runtime.ports import LOOPBACK, free_port, is_free
from freshet.runtime.servers import FIRST, inside, own_ports, server_names
from freshet.runtime.shard_processes import ShardProcess, replica_count, shard_processes
from freshet.runtime.supervised import Child
from schemas.errors import SettingsError
from schemas.settings import ShardSettings, UpSettings, as_environ, read

PROBE_TIMEOUT_S = 1.0
STORE = "store"
"""Folder of the snapshots that replicas of one machine share."""
SINGLE_WORKERS = ("catalog", "embed", "session")
"""Those of which there is one."""


@dataclass(frozen=True)
class Stack:
    """What runs where. `own_kafka` and `own_redis`: embedded ones."""

    settings: UpSettings
    data: Path
    ports: Mapping[str, int]
    own_kafka: bool
    own_redis: bool
    with_demo: bool = False

    @property
    def kafka(self) -> str:
        return f"{LOOPBACK}:{self.ports['kafka']}" if self.own_kafka else self.settings.kafka

    @property
    def redis_url(self) -> str:
        return f"redis://{LOOPBACK}:{self.ports['redis']}/0" if self.own_redis else self.settings.redis_url

    @property
    def url(self) -> str:
        host = self.settings.host
        shown = LOOPBACK if host in ("0.0.0.0", "::") else host
        return f"http://{f'[{shown}]' if ':' in shown else shown}:{self.ports['serving']}"


def port_names(settings: UpSettings) -> list[str]:
    """Whatever has a port."""
    return ["kafka", "kafka_controller", "redis", *workers(settings), FIRST, *own_ports(settings)]


def workers(settings: UpSettings) -> list[str]:
    """Names of the workers, as in the status page."""
    return ["catalog", "embed", *(process.name for process in shard_processes(settings)), "session"]


def configured_ports(settings: UpSettings) -> dict[str, int]:
    """0: a free one will do."""
    return {
        "kafka": settings.kafka_port,
        "redis": settings.redis_port,
        "catalog": settings.catalog_port,
        "embed": settings.embed_port,
        shard_processes(settings)[0].name: settings.shard_port,
        "session": settings.session_port,
        "serving": settings.port,
    }


def choose_ports(settings: UpSettings, remembered: Mapping[str, int]) -> dict[str, int]:
    """Configured ports as they are, else the remembered ones while they are free, else free ones.

    Raises SettingsError when somebody else has a configured port.
    """
    configured = configured_ports(settings)
    chosen: dict[str, int] = {}
    for name in port_names(settings):
        host = settings.host if name == "serving" else LOOPBACK
        port = configured.get(name, 0)
        if port and not is_free(port, host):
            raise SettingsError(f"port {port} for {name} is taken by {_holder(port)}", hint=another_port(name))
        old = remembered.get(name, 0)
        used = {*chosen.values(), *configured.values()}
        reusable = old and old not in used and is_free(old, host)
        chosen[name] = port or (old if reusable else free_port(but_not=used))
    return chosen


def _holder(port: int) -> str:
    from freshet.runtime.port_owner import Listener, listeners

    return str(listeners().get(port, Listener(port, None)))


def children(stack: Stack, environ: Mapping[str, str], jars: Path | None) -> list[Child]:
    """All of the stack in the order of the status page. `jars` as `ensure_jars` gives them, for an embedded Kafka."""
    found: list[Child] = []
    if stack.own_kafka and jars is not None:
        found.append(_kafka(stack, environ, jars))
    if stack.own_redis:
        found.append(_redis(stack, environ))
    servers = tuple(child.name for child in found)
    settings = with_bytecode({**environ, **child_environ(stack)})
    steps = (
        _step(stack, settings, "topics", ("topics", "create"), tuple(n for n in servers if n == "kafka")),
        _step(stack, settings, "model", ("model", "build"), ()),
    )
    early = (*servers, "topics")
    """Of those that can begin while the model is still built."""
    after = (*early, "model")
    names = tuple(workers(stack.settings))
    shards = [_shard(stack, settings, process, after) for process in shard_processes(stack.settings)]
    catalog, embed, session = (
        _worker(stack, settings, name, ("agents", name), after if name == "embed" else early) for name in SINGLE_WORKERS
    )
    tier = [_server(stack, settings, name, after, names) for name in server_names(stack.settings)]
    demo = [_demo(stack, settings)] if stack.with_demo else []
    return [*found, *steps, catalog, embed, *shards, session, *tier, *demo]


def child_environ(stack: Stack) -> dict[str, str]:
    """The settings the children share. The rest of the environment goes on to them as it is."""
    return as_environ(
        {
            "kafka": stack.kafka,
            "redis_url": stack.redis_url,
            "data": stack.data,
            "generation": stack.settings.generation,
            "partitions": stack.settings.partitions,
            "catalog_port": stack.ports["catalog"],
            "embed_port": stack.ports["embed"],
            "session_port": stack.ports["session"],
            "shards": shard_addresses(stack),
            "processes": [f"{name}=http://{LOOPBACK}:{stack.ports[name]}" for name in workers(stack.settings)],
            "host": stack.settings.host,
            "port": stack.ports["serving"],
        }
    ) | {"PYTHONUNBUFFERED": "1"}


def shard_addresses(stack: Stack) -> list[str]:
    """As in the setting `shards`: by partition the addresses of its replicas, in their order."""
    by_partition: list[list[str]] = [[] for _ in range(stack.settings.partitions)]
    for process in shard_processes(stack.settings):
        for partition in process.partitions:
            by_partition[partition].append(f"http://{LOOPBACK}:{stack.ports[process.name]}")
    return ["|".join(addresses) for addresses in by_partition]


def kafka_node(stack: Stack, jars: Path) -> kafka.KafkaNode:
    return kafka.KafkaNode(
        stack.data / "kafka",
        stack.ports["kafka"],
        stack.ports["kafka_controller"],
        jars,
        stack.settings.kafka_heap_mb,
    )


def redis_node(stack: Stack) -> redis_server.RedisNode:
    return redis_server.RedisNode(stack.data / "redis", stack.ports["redis"])


def http_answers(port: int, path: str, host: str = LOOPBACK) -> bool:
    """Whether `path` answers 200."""
    connection = http.client.HTTPConnection(host, port, timeout=PROBE_TIMEOUT_S)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def module(*arguments: str) -> tuple[str, ...]:
    """`python -m ...`; -P, because the folder one happens to stand in may hold a package called `agents` too."""
    return (sys.executable, "-P", "-m", *arguments)


def _kafka(stack: Stack, environ: Mapping[str, str], jars: Path) -> Child:
    node = kafka_node(stack, jars)
    return Child(
        "kafka",
        tuple(kafka.command(node)),
        kafka.java_environ(environ),
        log_file(stack.data, "kafka"),
        lambda: kafka.answers(node.bootstrap),
        port=node.port,
    )


def _redis(stack: Stack, environ: Mapping[str, str]) -> Child:
    node = redis_node(stack)
    return Child(
        "redis",
        tuple(redis_server.command(node)),
        environ,
        log_file(stack.data, "redis"),
        lambda: redis_server.answers(node.port),
        port=node.port,
    )


def _step(
    stack: Stack, environ: Mapping[str, str], name: str, command: tuple[str, ...], after: tuple[str, ...]
) -> Child:
    return Child(name, module("freshet", *command), environ, log_file(stack.data, name), after=after, once=True)


def _worker(
    stack: Stack,
    environ: Mapping[str, str],
    name: str,
    command: tuple[str, ...],
    after: tuple[str, ...],
    stops_before: tuple[str, ...] = (),
) -> Child:
    port = stack.ports.get(name, 0)
    log, ready = log_file(stack.data, name), _ready_probe(LOOPBACK, port)
    return Child(name, module(*command), environ, log, ready, after, stops_before, port)


def _shard(stack: Stack, environ: Mapping[str, str], process: ShardProcess, after: tuple[str, ...]) -> Child:
    its_own = {
        "shard_port": stack.ports[process.name],
        "replica": process.replica,
        "shard_partitions": list(process.partitions),
        "snapshot_store": shared_store(stack, environ),
    }
    settings = {**environ, **as_environ(its_own)}
    return _worker(stack, settings, process.name, ("agents", "shard"), after)


def shared_store(stack: Stack, environ: Mapping[str, str]) -> str:
    """As it is set, else a folder beside the replicas: from there one that has nothing starts."""
    configured = read(ShardSettings, environ).snapshot_store
    return configured or (str(stack.data / STORE) if replica_count(stack.settings) > 1 else "")


def _server(
    stack: Stack, environ: Mapping[str, str], name: str, after: tuple[str, ...], stops_before: tuple[str, ...]
) -> Child:
    """Of several each has a socket of its own, kept open when another process takes its place."""
    several = stack.settings.servers > 1
    port = inside(name) if several else FIRST
    settings = {**environ, **as_environ({"inside_port": stack.ports[port]} if several else {})}
    made = _worker(stack, settings, name, ("serving",), after, stops_before)
    host = LOOPBACK if several else stack.settings.host
    return replace(
        made,
        ready=_ready_probe(host, stack.ports[port]),
        port=stack.ports[port],
        listener=Listener(stack.settings.host, stack.ports[FIRST], shared=several),
    )


def _demo(stack: Stack, environ: Mapping[str, str]) -> Child:
    command = module("freshet.demo", stack.url)
    return Child("demo", command, environ, log_file(stack.data, "demo"), after=("serving",))


def _ready_probe(host: str, port: int) -> Callable[[], bool]:
    reached = {"0.0.0.0": LOOPBACK, "::": "::1"}.get(host, host)
    return lambda: http_answers(port, "/readyz", reached)
