"""The status for a person: what is known stands there, what is not leaves no empty word."""

from typing import Any

import pytest

from freshet.http_page import Page
from freshet.status.report import CountStatus, DeadLetterStatus, FreshnessStatus, StepStatus
from freshet.status.standing import standings
from freshet.status.table import as_lines, duration, size
from tests.unit.status.making import disk, process, snapshot, status

FULL = status(
    children=[process(memory_bytes=123_000_000), process("embed", state="backing off", alive=False, answers=None)],
    steps=[StepStatus(step="catalog", partition=0, offset=1_234, lag=5)],
    freshness=FreshnessStatus(p50_s=0.034, p95_s=0.07, events=60, events_per_s=12.5),
    counts=CountStatus(products=1_930, rows=1_940, held_offers=2),
    dead_letters=DeadLetterStatus(hours=24, total=3, by_reason={"unknown_sku": 2, "no_title": 1}, more=False),
    snapshots=[snapshot()],
    disk=disk(80 * 10**9),
    complaints=["embed does not run"],
    well=False,
)


def test_all_that_is_known() -> None:
    text = "\n".join(as_lines(FULL))
    for said in (
        "not well  ready  http://127.0.0.1:1  freshet 1",
        "catalog  ready        yes      1        7    -     0         5 s  123 MB",
        "embed    not running",
        "catalog          0   1,234    5",
        "searchable after 34 ms (p50), 70 ms (p95) over 60 events of the last minute; 12.5 events/s",
        "1,930 products in 1,940 rows, 2 offers held",
        "3 in 24 h: unknown_sku 2, no_title 1",
        "shard 0: 3 products at offset 9, 60 s old, 2 kB",
        "kafka 1 kB; 80 GB of 1.0 TB free",
        "up at 127.0.0.1:2",
        "! embed does not run",
    ):
        assert said in text
    assert all(line == line.rstrip() for line in text.splitlines())


def test_replicas_are_shown_where_there_are_several_of_a_shard() -> None:
    asked = {
        "replicas": [replica(1, offset=6), replica(0), replica(2, ready=False, scrub=None), replica(3), replica(4)],
        "unreachable": ["0/5 http://five", "0/http://six http://six"],
        "faulty": [{"partition": 0, "replica": 3, "out": True}, {"partition": 0, "replica": 4, "out": False}],
        "differing": [{"partition": 0, "replicas": {"a": [0], "b": [4]}}],
    }
    found = standings(Page(200, asked), now_ms=61_000)
    assert [(one.replica, one.standing, one.behind) for one in found] == [
        (0, "differs", 0),
        (1, "answers", 3),
        (2, "catching up", 0),
        (3, "taken out", 0),
        (4, "differs", 0),
        (None, "away", None),
        (5, "away", None),
    ]
    lines = as_lines(status(replicas=found))
    assert "0      1        answers              6       9       3         7  60 s ago" in lines
    assert "0      5        away                 -       -       -         -  -" in lines
    assert not any(
        "standing" in line for line in as_lines(status(replicas=standings(Page(200, {"replicas": [replica(0)]}), 1)))
    )
    assert standings(Page(503, {}), 1) == []


def replica(number: int, offset: int = 9, **more: Any) -> dict[str, Any]:
    state = {"partition": 0, "replica": number, "documents_offset": offset, "offers_offset": 9}
    known = {"state": state, "address": f"http://{number}", "visible": 7, "ready": True, "scrub": {"ended_ms": 1_000}}
    return known | more


def test_what_is_not_known_leaves_a_gap() -> None:
    text = "\n".join(as_lines(status(data="", kafka="", redis_url="", kafka_up=None, redis_up=None, encoder=None)))
    assert "not known: the HTTP tier does not say" in text
    for word in ("holds", "dead letters", "snapshots", "disk", "Kafka", "Redis", "data"):
        assert word not in text


def test_nothing_runs() -> None:
    assert as_lines(status(running=False, state="stopped")) == ["no stack runs on /srv/shop; start one: freshet up"]
    assert as_lines(status(running=False, state="remote")) == ["nothing answers at http://127.0.0.1:1"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, "-"), (0, "0 s"), (119, "119 s"), (120, "2 min"), (7_200, "2.0 h"), (172_800, "2.0 d")],
)
def test_durations(seconds: float | None, said: str) -> None:
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [(None, "-"), (0, "0 B"), (999, "999 B"), (1_000, "1 kB"), (12_300_000, "12 MB"), (3_400_000_000, "3.4 GB")],
)
def test_sizes(count: int | None, said: str) -> None:
    assert size(count) == said
