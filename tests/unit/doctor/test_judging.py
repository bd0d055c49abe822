"""Each check on gathered facts: well, and everything it can find, with the command that helps."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from freshet.alerts.thresholds import RESTARTS_MANY
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
    redis,
    replicas,
    settings,
    tier,
    versions,
)
from freshet.doctor.clock import AHEAD_S_MAX, JUMP_S_MAX, SKEW_S_MAX, ClockFacts
from freshet.doctor.cluster import ClusterFacts
from freshet.doctor.disk import COMFORT_BYTES, INODES_MIN, DiskFacts
from freshet.doctor.finding import Finding
from freshet.doctor.index import IndexFacts, ShardFacts
from freshet.doctor.jars import JarFacts
from freshet.doctor.java import MAJOR_MIN, JavaFacts
from freshet.doctor.leftovers import LeftoverFacts, Process
from freshet.doctor.memory import LEFT_BYTES_MIN, MemoryFacts
from freshet.doctor.model import ModelFacts
from freshet.doctor.ports import PortFacts
from freshet.doctor.processes import START_S_MAX, ProcessFacts
from freshet.doctor.redis import RedisFacts
from freshet.doctor.replicas import ReplicaFacts
from freshet.doctor.settings import SettingsFacts
from freshet.doctor.tier import TierFacts
from freshet.doctor.versions import VersionFacts
from freshet.http_page import NOBODY, Page
from freshet.runtime.port_owner import Listener
from index_snapshots.inventory import Stored
from index_snapshots.manifest import Manifest, StoredPacing, Structure
from schemas.errors import SettingsError
from tests.unit.index_snapshots.making import ORIGIN
from tests.unit.status.making import process
from tests.unit.status.test_judge import DIFFERING, SCRUBBED

DATA = " --data /srv/shop"
REBUILD = f"freshet down{DATA} && freshet shard rebuild --partition 0{DATA} && freshet up{DATA}"
MANIFEST = Manifest(
    format_version=2,
    origin=ORIGIN,
    lineage="l",
    documents_offset=10,
    offers_offset=20,
    counts=[1, 1, 1, 0],
    digest_documents="0",
    digest_offers="0",
    written_ms=1,
    structure=Structure(
        seals=0,
        sealed_ms=0,
        next_row=0,
        pacing=StoredPacing(head_rows=1, rows_per_s_max=1, recall=0.98, exact_max=0),
        segments=[],
        heads=[],
        merges=[],
    ),
    files={},
)
WHOLE = Stored("manifest-2.json", MANIFEST)
BROKEN = Stored("manifest-3.json", MANIFEST, ("x-vectors is damaged",))


def assert_one(found: list[Finding], severity: str, said: str, remedy: str) -> None:
    (one,) = found
    assert one.severity == severity, one
    assert said in one.found
    assert remedy in one.remedy
    assert bool(one.remedy) == (severity != "ok"), "what is not well has a remedy"


@pytest.mark.parametrize(
    ("facts", "severity", "said", "remedy"),
    [
        (SettingsFacts(), "ok", "right", ""),
        (SettingsFacts(refused=SettingsError("port x", hint="set it")), "problem", "port x", "set it"),
        (SettingsFacts(refused=SettingsError("port x")), "problem", "port x", "freshet config check"),
        (SettingsFacts(file=Path("/f.toml"), open_secret=True), "problem", "others may read it", "chmod 600 /f.toml"),
        (SettingsFacts(fault="shard.1"), "warning", "FRESHET_FAULT is set", "unset FRESHET_FAULT"),
    ],
)
def test_settings(facts: SettingsFacts, severity: str, said: str, remedy: str) -> None:
    assert_one(settings.judge(facts), severity, said, remedy)


VERSIONS = VersionFacts("1.2", "3.12.1", ">=3.11,<3.14", {}, {"catalog": "1.2"}, DATA)


@pytest.mark.parametrize(
    ("facts", "severity", "said", "remedy"),
    [
        (VERSIONS, "ok", "freshet 1.2 on Python 3.12.1", ""),
        (replace(VERSIONS, python="3.14.0"), "problem", "Freshet needs >=3.11,<3.14", "make install PYTHON="),
        (replace(VERSIONS, python="3.10.9"), "problem", "Python 3.10.9 runs", "make install PYTHON="),
        (
            replace(VERSIONS, unmet={"faust==0.15.3": "0.16"}),
            "problem",
            "faust==0.15.3 is required, 0.16",
            "make install",
        ),
        (replace(VERSIONS, unmet={"orjson>=3": ""}), "problem", "none is installed", "make install"),
        (
            replace(VERSIONS, running={"catalog": "1.1"}),
            "warning",
            "these still run: catalog 1.1",
            f"freshet down{DATA} && freshet up{DATA}",
        ),
    ],
)
def test_versions(facts: VersionFacts, severity: str, said: str, remedy: str) -> None:
    assert_one(versions.judge(facts), severity, said, remedy)


JAVA = JavaFacts(True, Path("/java"), 'openjdk version "25.0.2" 2026-01-20')


@pytest.mark.parametrize(
    ("facts", "severity", "said", "remedy"),
    [
        (JAVA, "ok", "Java 25.0.2 runs", ""),
        (JavaFacts(False), "ok", "not needed", ""),
        (replace(JAVA, others=("JAVA_TOOL_OPTIONS",)), "ok", "JAVA_TOOL_OPTIONS are set and not passed on", ""),
        (replace(JAVA, error="no file /java"), "problem", "Java is missing: no file /java", "make install"),
        (replace(JAVA, said="hello"), "problem", "does not say its version", "make install"),
        (replace(JAVA, said=f'java version "{MAJOR_MIN}"'), "ok", f"Java {MAJOR_MIN} runs", ""),
        (
            replace(JAVA, said=f'java version "{MAJOR_MIN - 1}.0"'),
            "problem",
            f"Kafka needs {MAJOR_MIN}",
            "make install",
        ),
    ],
)
def test_java(facts: JavaFacts, severity: str, said: str, remedy: str) -> None:
    assert_one(java.judge(facts), severity, said, remedy)


@pytest.mark.parametrize(
    ("facts", "severity", "said", "remedy"),
    [
        (JarFacts(True, Path("/j"), 46), "ok", "all 46", ""),
        (JarFacts(False), "ok", "not needed", ""),
        (JarFacts(True, Path("/j"), 46, missing=("a.jar",)), "warning", "1 of 46 are not in /j", "FRESHET_MAVEN_URL"),
        (JarFacts(True, Path("/j"), 46, other=("a.jar",)), "warning", "damaged, a.jar", "freshet up fetches"),
        (JarFacts(True, error="denied"), "problem", "denied", "XDG_CACHE_HOME"),
    ],
)
def test_jars(facts: JarFacts, severity: str, said: str, remedy: str) -> None:
    assert_one(jars.judge(facts), severity, said, remedy)


@pytest.mark.parametrize(
    ("facts", "severity", "said", "remedy"),
    [
        (RedisFacts(True, "Redis server v=6.2.14 sha=0"), "ok", "Redis server v=6.2.14", ""),
        (RedisFacts(True, error="no file"), "problem", "no file", "make install"),
        (RedisFacts(False, url="redis://r:1", answers=True), "ok", "redis://r:1 answers", ""),
        (RedisFacts(False, url="redis://r:1", answers=None), "ok", "asked by the processes only", ""),
        (RedisFacts(False, url="redis://r:1", answers=False), "problem", "no Redis answers", "FRESHET_REDIS_URL"),
    ],
)
def test_redis(facts: RedisFacts, severity: str, said: str, remedy: str) -> None:
    assert_one(redis.judge(facts), severity, said, remedy)


STRANGER = Listener(8400, 7, "nginx")
PORTS = PortFacts(False, {"serving": 8400}, {"serving": 8400, "shard": 9100}, {}, {}, DATA)


@pytest.mark.parametrize(
    ("facts", "severity", "said", "remedy"),
    [
        (PORTS, "ok", "free: 8400 (serving)", ""),
        (replace(PORTS, taken={8400: STRANGER}), "problem", "8400 for serving is taken by pid 7 (nginx)", "--port N"),
        (replace(PORTS, taken={8400: Listener(8400, None)}), "problem", "another user's program", "FRESHET_PORT=N"),
        (replace(PORTS, taken={9100: STRANGER}), "warning", "9100 for shard is taken", "freshet up takes another"),
        (
            replace(PORTS, taken={9100: STRANGER}, configured={"shard": 9100}),
            "problem",
            "9100 for shard is taken",
            "FRESHET_SHARD_PORT=N",
        ),
        (
            replace(PORTS, taken={8400: STRANGER}, ours={7: "serving"}),
            "problem",
            "held by serving, left from a killed stack",
            f"freshet down{DATA}",
        ),
        (replace(PORTS, supervised=True, taken={8400: STRANGER}, ours={7: "serving"}), "ok", "holds its own", ""),
        (replace(PORTS, supervised=True, taken={8400: STRANGER}), "problem", "not of this stack", "end that program"),
    ],
)
def test_ports(facts: PortFacts, severity: str, said: str, remedy: str) -> None:
    assert_one(ports.judge(facts), severity, said, remedy)


NEED = 300_000_000
DISK = DiskFacts(Path("/srv"), True, False, NEED + COMFORT_BYTES, 10**12, INODES_MIN, 10**6, {"Kafka": NEED})


@pytest.mark.parametrize(
    ("facts", "severity", "said", "remedy"),
    [
        (DISK, "ok", "300 MB are needed next", ""),
        (replace(DISK, free_bytes=NEED + COMFORT_BYTES - 1), "warning", "only 1.3 GB of 1.0 TB are free", "free space"),
        (replace(DISK, free_bytes=NEED), "warning", "are needed next (Kafka 300 MB)", "--data DIR"),
        (replace(DISK, free_bytes=NEED - 1), "problem", "300 MB are needed (Kafka 300 MB)", "--data DIR"),
        (replace(DISK, free_bytes=0), "problem", "the disk is full: 0 B of 1.0 TB", "free space"),
        (replace(DISK, read_only=True), "problem", "mounted read-only", "--data DIR"),
        (replace(DISK, writable=False), "problem", "may not be written", "chown"),
        (replace(DISK, free_inodes=INODES_MIN - 1), "problem", "999 more files", "free space"),
        (replace(DISK, free_inodes=0, total_inodes=0), "ok", "are needed next", ""),
    ],
)
def test_disk(facts: DiskFacts, severity: str, said: str, remedy: str) -> None:
    assert_one(disk.judge(facts), severity, said, remedy)


MEMORY = MemoryFacts(False, 1_000, 2_000, {"Kafka": 600, "embed": 400})


@pytest.mark.parametrize(
    ("facts", "severity", "said", "remedy"),
    [
        (MEMORY, "ok", "takes up to 1 kB", ""),
        (replace(MEMORY, available_bytes=999), "problem", "(Kafka 600 B, embed 400 B)", "FRESHET_KAFKA_HEAP_MB"),
        (replace(MEMORY, running=True, available_bytes=LEFT_BYTES_MIN), "ok", "beside the running stack", ""),
        (replace(MEMORY, running=True, available_bytes=LEFT_BYTES_MIN - 1), "warning", "only 200 MB", "more memory"),
    ],
)
def test_memory(facts: MemoryFacts, severity: str, said: str, remedy: str) -> None:
    assert_one(memory.judge(facts), severity, said, remedy)


NOW_S = 1_800_000_000.0
CLOCK = ClockFacts(NOW_S, NOW_S, "state.json")


@pytest.mark.parametrize(
    ("facts", "severity", "said"),
    [
        (CLOCK, "ok", "2027-01-15 08:00:00 UTC"),
        (replace(CLOCK, newest_s=NOW_S + AHEAD_S_MAX), "ok", "steady"),
        (replace(CLOCK, newest_s=NOW_S + AHEAD_S_MAX + 1), "problem", "state.json was changed 61 s from now"),
        (replace(CLOCK, now_s=0.0, newest_s=0.0), "problem", "the year 1970"),
        (replace(CLOCK, log_ahead=True), "problem", "Kafka has records"),
        (replace(CLOCK, jumped_s=JUMP_S_MAX), "ok", "steady"),
        (replace(CLOCK, jumped_s=-JUMP_S_MAX - 0.01), "warning", "moved by -60 ms"),
        (replace(CLOCK, tier_ahead_s=-SKEW_S_MAX), "ok", "steady"),
        (replace(CLOCK, tier_ahead_s=SKEW_S_MAX + 1), "warning", "differs from this one by +6 s"),
    ],
)
def test_clock(facts: ClockFacts, severity: str, said: str) -> None:
    assert_one(clock.judge(facts), severity, said, "" if severity == "ok" else "timedatectl set-ntp true")


MODEL = ModelFacts(Path("/m"), False, True, "mini", "", {0: "mini"}, DATA)


@pytest.mark.parametrize(
    ("facts", "severity", "said", "remedy"),
    [
        (MODEL, "ok", "mini in /m is whole", ""),
        (replace(MODEL, there=False), "ok", "freshet up does it", ""),
        (replace(MODEL, there=False, configured=True), "problem", "FRESHET_MODEL names /m", "unset it"),
        (replace(MODEL, damage="x is damaged"), "problem", "x is damaged", f"freshet model build{DATA}"),
        (replace(MODEL, shards={0: "other"}), "problem", "shard 0 holds those of other", REBUILD),
    ],
)
def test_model(facts: ModelFacts, severity: str, said: str, remedy: str) -> None:
    assert_one(model.judge(facts), severity, said, remedy)


@pytest.mark.parametrize(
    ("stored", "severity", "said", "remedy"),
    [
        ([], "ok", "no snapshot yet", ""),
        ([WHOLE], "ok", "1 snapshots of 1 shards verify", ""),
        ([BROKEN, WHOLE], "problem", "x-vectors is damaged; manifest-2.json stands in", REBUILD),
        ([BROKEN], "problem", "the shard is built from the log at its next start", REBUILD),
    ],
)
def test_index(stored: list[Stored], severity: str, said: str, remedy: str) -> None:
    assert_one(index.judge(IndexFacts([ShardFacts(1, 0, stored)], DATA)), severity, said, remedy)


CLUSTER = ClusterFacts(
    "cluster",
    "cluster",
    {"documents": "d", "offers": "o"},
    {0: MANIFEST},
    {"catalog-0/1-0.sqlite": "cluster"},
    {},
    DATA,
)


@pytest.mark.parametrize(
    ("changed", "severity", "said", "remedy"),
    [
        ({}, "ok", "all is of the Kafka cluster cluster", ""),
        ({"cluster_id": "", "topic_ids": {}}, "ok", "no Kafka to compare with", ""),
        (
            {"cluster_id": "new", "remembered_id": "new", "stores": {}},
            "problem",
            "the snapshot of shard 0 is of another Kafka cluster, cluster; new is here",
            REBUILD,
        ),
        ({"topic_ids": {"documents": "d2", "offers": "o"}}, "problem", "of another topic `documents`", REBUILD),
        ({"log": {("documents", 0): (0, 10), ("offers", 0): (20, 20)}}, "ok", "all is of", ""),
        (
            {"log": {("documents", 0): (0, 9)}},
            "problem",
            "at offset 10 of documents, but the log holds 0 to 9",
            REBUILD,
        ),
        ({"log": {("offers", 0): (21, 30)}}, "problem", "at offset 20 of offers, but the log holds 21 to 30", REBUILD),
        ({"stores": {"catalog-0/1-0.sqlite": "old"}}, "warning", "sqlite is of the Kafka cluster old", "nothing to do"),
        ({"remembered_id": "old"}, "warning", "cluster.id beside it says old", "put the right kafka folder back"),
    ],
)
def test_old_data(changed: dict[str, Any], severity: str, said: str, remedy: str) -> None:
    assert_one(cluster.judge(replace(CLUSTER, **changed)), severity, said, remedy)


def test_topic_ids_are_the_same_in_both_writings_of_base64() -> None:
    origin = ORIGIN.model_copy(update={"topic_ids": {"documents": "a+b/c", "offers": "o"}})
    facts = replace(CLUSTER, shards={0: MANIFEST.model_copy(update={"origin": origin})})
    assert cluster.judge(replace(facts, topic_ids={"documents": "a-b_c"}))[0].severity == "ok"


LEFT = LeftoverFacts(False, None, option=DATA)


@pytest.mark.parametrize(
    ("facts", "severity", "said", "remedy"),
    [
        (LEFT, "ok", "the data folder is free", ""),
        (
            replace(LEFT, supervised=True, supervisor=3, survivors=(Process(4, "shard"),), lock_holder=3),
            "ok",
            "held by this stack",
            "",
        ),
        (replace(LEFT, refused="cannot read state.json"), "problem", "cannot read state.json", "delete the file"),
        (
            replace(LEFT, survivors=(Process(4, "shard"),)),
            "problem",
            "these still run: shard (pid 4)",
            f"freshet down{DATA}",
        ),
        (replace(LEFT, strays=(Process(9, "embed"),)), "problem", "that no supervisor knows: embed (pid 9)", "kill 9"),
        (replace(LEFT, lock_holder=1), "problem", "locked by pid 1", "kill 1"),
    ],
)
def test_leftovers(facts: LeftoverFacts, severity: str, said: str, remedy: str) -> None:
    assert_one(leftovers.judge(facts), severity, said, remedy)


@pytest.mark.parametrize(
    ("changed", "severity", "said"),
    [
        ({}, "ok", "all 1 run"),
        ({"state": "done", "alive": False, "answers": None}, "ok", "all 0 run"),
        ({"answers": None}, "ok", "all 1 run"),
        ({"state": "starting", "answers": False, "up_s": START_S_MAX - 1}, "ok", "all 1 run"),
        ({"state": "starting", "answers": False, "up_s": START_S_MAX}, "problem", "not ready (starting"),
        ({"state": "starting", "answers": False, "up_s": 1, "restarts": 1}, "problem", "not ready (starting"),
        ({"restarts": RESTARTS_MANY}, "warning", "was started again 3 times"),
        (
            {"answers": False, "reason": "catching up"},
            "problem",
            "not ready (catching up; restarted 0 times); it wrote: no",
        ),
        (
            {"alive": False, "state": "backing off", "restarts": 4},
            "problem",
            "not ready (backing off; restarted 4 times)",
        ),
    ],
)
def test_processes(changed: dict[str, Any], severity: str, said: str) -> None:
    facts = ProcessFacts(True, [process(**changed)], {"catalog": "no"}, DATA)
    assert_one(processes.judge(facts), severity, said, "" if severity == "ok" else f"freshet logs catalog{DATA}")


def test_a_stack_that_does_not_run_has_no_processes_to_judge() -> None:
    assert_one(processes.judge(ProcessFacts(False, [process(alive=False)])), "ok", "does not run", "")


TIER = TierFacts(
    "http://t",
    False,
    Page(200, {"process": "serving", "version": "1"}),
    Page(200, {"waiting_for": [], "kafka": True}),
    "1",
)


@pytest.mark.parametrize(
    ("facts", "severity", "said", "remedy"),
    [
        (TIER, "ok", "http://t is ready", ""),
        (replace(TIER, url=""), "ok", "nothing runs here", ""),
        (replace(TIER, health=NOBODY), "problem", "nothing answers", "may this machine reach it"),
        (replace(TIER, health=NOBODY, local=True), "problem", "nothing answers", "freshet logs serving"),
        (replace(TIER, health=Page(200, {})), "problem", "answers 200, not as Freshet does", "is the address right"),
        (
            replace(TIER, ready=Page(503, {"waiting_for": ["shard-0"]})),
            "problem",
            "it waits for shard-0",
            "freshet status --url http://t",
        ),
        (replace(TIER, installed="2"), "warning", "runs Freshet 1, 2 is installed here", "upgrade"),
        (replace(TIER, ready=Page(200, {"kafka": False})), "problem", "does not reach Kafka", "freshet doctor"),
    ],
)
def test_tier(facts: TierFacts, severity: str, said: str, remedy: str) -> None:
    assert_one(tier.judge(facts), severity, said, remedy)


HOLD = {"replicas": [{"state": {"partition": partition}} for partition in (0, 0, 1)]}


@pytest.mark.parametrize(
    ("status", "severity", "said", "remedy"),
    [
        (NOBODY, "ok", "not known", ""),
        (Page(401, {}), "ok", "not known", ""),
        (Page(200, HOLD), "ok", "those of 2 shards hold the same", ""),
        (Page(200, {**HOLD, "differing": []}), "ok", "those of 2 shards hold the same", ""),
        (Page(200, {**HOLD, **DIFFERING}), "problem", "differ in offers at offset 15,001", "docs/runbook.md"),
        (Page(200, SCRUBBED), "problem", "found its documents and offers changed", "docs/runbook.md"),
    ],
)
def test_replicas(status: Page, severity: str, said: str, remedy: str) -> None:
    assert_one(replicas.judge(ReplicaFacts(status)), severity, said, remedy)
