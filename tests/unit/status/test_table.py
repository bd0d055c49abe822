"""The status for a person: what is known stands there, what is not leaves no empty word."""

import pytest

from freshet.status.report import CountStatus, DeadLetterStatus, FreshnessStatus, StepStatus
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
