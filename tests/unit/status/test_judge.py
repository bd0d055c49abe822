"""What is not well is named, with where to look; all well says nothing."""

from typing import Any

import pytest

from freshet import exit_codes
from freshet.alerts.thresholds import FREE_BYTES_MIN
from freshet.http_page import NOBODY, Page
from freshet.status.judge import complaints
from freshet.status.run import code_of
from tests.unit.status.making import WELL, disk, process, snapshot, status

DIFFERING = {
    "differing": [{"partition": 2, "digest": "offers", "offset": 15_001, "replicas": {"a" * 32: [1], "b" * 32: [0, 2]}}]
}
SCRUBBED = {
    "replicas": [
        {"state": {"partition": 0, "replica": 0}, "scrub": None},
        {"state": {"partition": 0, "replica": 1}, "scrub": {"differing": []}},
        {"state": {"partition": 2, "replica": 1}, "scrub": {"differing": ["documents", "offers"]}},
    ]
}
UNSTORED = {
    "replicas": [
        {"state": {"partition": 0, "replica": 0}, "in_store": None},
        {"state": {"partition": 0, "replica": 1}, "in_store": {"failing": "", "failing_since_ms": 0}},
        {"state": {"partition": 2, "replica": 0}, "in_store": {"failing": "no disk", "failing_since_ms": 60_000}},
    ]
}


def judged(**changed: Any) -> list[str]:
    facts: dict[str, Any] = {
        "state": "ready",
        "processes": [process(), process("topics", state="done", pid=None, alive=False, answers=None)],
        "tier": WELL,
        "kafka_up": True,
        "redis_up": True,
        "snapshots": [snapshot()],
        "disk": disk(FREE_BYTES_MIN),
    }
    return complaints(**{**facts, **changed})


def test_all_well() -> None:
    assert judged() == []


def faulty(why: str, *, out: bool, bucket: int | None) -> dict[str, Any]:
    known = {"partition": 2, "replica": 1, "digests": ["documents"]}
    return {**known, "why": why, "out": out, "bucket": bucket}


@pytest.mark.parametrize(
    ("changed", "said", "see"),
    [
        ({"state": "starting"}, "the stack is starting", ""),
        ({"state": "killed"}, "the supervisor was killed and catalog still run", "freshet down"),
        (
            {"processes": [process(state="backing off", alive=False, answers=None, restarts=3)]},
            "catalog does not run (restarted 3 times)",
            "freshet logs catalog",
        ),
        ({"processes": [process(alive=False)]}, "catalog does not run", "freshet logs catalog"),
        (
            {"processes": [process(answers=False, reason="it does not answer")]},
            "catalog is not ready: it does not answer",
            "freshet logs catalog",
        ),
        ({"tier": NOBODY}, "the HTTP tier does not answer", ""),
        ({"tier": Page(401, {})}, "the HTTP tier wants the admin key", "FRESHET_ADMIN_KEY"),
        ({"tier": Page(500, {})}, "the HTTP tier answers 500", "freshet logs serving"),
        ({"tier": Page(200, {"waiting_for": ["shard-0"]})}, "the HTTP tier waits for shard-0", ""),
        ({"tier": Page(200, {"unreachable": ["0/1 http://a"]})}, "shard replica 0/1 http://a does not answer", ""),
        (
            {"tier": Page(200, DIFFERING)},
            "replicas of shard 2 differ in offers at offset 15,001: 0 and 2 have bbbbbbbb, 1 has aaaaaaaa",
            "docs/runbook.md",
        ),
        (
            {"tier": Page(200, SCRUBBED)},
            "a scrub of shard 2, replica 1, found its documents and offers changed",
            "docs/runbook.md",
        ),
        (
            {"tier": Page(200, SCRUBBED | {"faulty": [faulty("damaged", out=True, bucket=17)]})},
            "replica 1, found its documents and offers changed in memory or on disk, first in bucket 17 of 256; "
            "it answers nothing",
            "docs/runbook.md",
        ),
        (
            {"tier": Page(200, SCRUBBED | {"faulty": [faulty("damaged", out=False, bucket=None)]})},
            "it still answers: no sound replica is there",
            "docs/runbook.md",
        ),
        (
            {"tier": Page(200, {"faulty": [faulty("alone", out=True, bucket=0)]})},
            "replica 1 of shard 2 stands alone with its documents, first in bucket 0 of 256; it answers nothing",
            "docs/runbook.md",
        ),
        (
            {"tier": Page(200, UNSTORED)},
            "snapshots of shard 2 do not reach their store since 1970-01-01 00:01:00: no disk",
            "docs/runbook.md",
        ),
        ({"kafka_up": False}, "Kafka does not answer", "freshet doctor"),
        ({"redis_up": False}, "Redis does not answer", ""),
        ({"snapshots": [snapshot(damaged="x has 1 bytes, not 2")]}, "shard 0 is damaged (x has", "freshet doctor"),
        ({"disk": disk(FREE_BYTES_MIN - 1)}, "only 500 MB are free", "freshet doctor"),
    ],
)
def test_each_thing_that_is_not(changed: dict[str, Any], said: str, see: str) -> None:
    (line,) = judged(**changed)
    assert said in line and see in line


def test_a_tier_that_is_known_to_be_down_is_named_once() -> None:
    assert judged(processes=[process("serving", answers=False, reason="it does not answer")], tier=NOBODY) == [
        "serving is not ready: it does not answer; see: freshet logs serving"
    ]


def test_from_afar_nobody_is_sent_to_logs_that_are_elsewhere() -> None:
    down = process("embed", alive=False, answers=False, reason="nobody answers")
    starting = process("shard", answers=False, reason="catching up")
    kafka = process("kafka", alive=False, answers=False)
    assert judged(state="remote", processes=[down, starting, kafka, process("catalog")]) == [
        "embed does not run: nobody answers; look on its machine",
        "shard is not ready: catching up; look on its machine",
    ]


def test_commands_carry_the_folder_that_was_given() -> None:
    (line,) = judged(processes=[process(answers=False)], option=" --data /srv/shop")
    assert line.endswith("see: freshet logs catalog --data /srv/shop")


def test_what_is_not_known_is_no_complaint() -> None:
    assert judged(kafka_up=None, redis_up=None, disk=None, snapshots=[]) == []


@pytest.mark.parametrize(
    ("running", "well", "code"),
    [(True, True, exit_codes.OK), (True, False, exit_codes.UNWELL), (False, False, exit_codes.UNREACHABLE)],
)
def test_exit_codes(running: bool, well: bool, code: int) -> None:
    assert code_of(status(running=running, well=well)) == code
