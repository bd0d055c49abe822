"""What the tier, the log and the disk say becomes steps, counts, snapshots and sizes."""

from pathlib import Path
from typing import Any

import pytest

from freshet.http_page import NOBODY, Page, look
from freshet.status import log as its_log
from freshet.status.log import LETTERS_MAX
from freshet.status.processes import from_page
from freshet.status.stored import newest_snapshots, used_bytes
from freshet.status.tier import counts, freshness_of, steps
from index_snapshots.apply import apply
from index_snapshots.folder import shard_folder
from index_snapshots.snapshot import write
from streams.memory import MemoryLog
from tests.unit.index_snapshots.making import ORIGIN, document, logged, shard
from tests.unit.serving.letters.made import letter

FRESHNESS = Page(
    200,
    {
        "partitions": [{"partition": 0, "catalog_lag": 1, "contents_lag": 2, "documents_lag": 3, "offers_lag": None}],
        "events_per_s": 12.5,
        "fresh_p50_s": 0.03,
        "fresh_p95_s": 0.07,
        "fresh_n": 60,
    },
)


def replica(documents: int, offers: int, rows: int = 5, partition: int = 0) -> dict[str, Any]:
    state = {"partition": partition, "documents_offset": documents, "offers_offset": offers}
    return {"state": state, "rows": rows, "held_offers": 1}


def test_steps_with_offsets_of_workers_and_of_the_replica_furthest_behind() -> None:
    status = Page(200, {"replicas": [replica(40, 50), replica(39, 51)]})
    health = {"catalog": Page(200, {"next_offsets": {"0": 10}}), "embed-1": Page(200, {"next_offsets": {"0": 20}})}
    found = {step.step: (step.offset, step.lag) for step in steps(FRESHNESS, status, health)}
    assert found == {"catalog": (10, 1), "embed": (20, 2), "documents": (39, 3), "offers": (50, None)}


def test_from_afar_the_offsets_of_the_workers_are_not_known() -> None:
    found = {step.step: step.offset for step in steps(FRESHNESS, NOBODY, {})}
    assert found == {"catalog": None, "embed": None, "documents": None, "offers": None}


def test_freshness_and_counts_or_nothing_where_nobody_says() -> None:
    fresh = freshness_of(FRESHNESS)
    assert fresh is not None and (fresh.p50_s, fresh.p95_s, fresh.events, fresh.events_per_s) == (0.03, 0.07, 60, 12.5)
    status = {"products": 7, "replicas": [replica(1, 1, rows=4), replica(2, 1, rows=5), replica(9, 9, 3, partition=1)]}
    held = counts(Page(200, status))
    assert held is not None and (held.products, held.rows, held.held_offers) == (7, 8, 2)
    assert (freshness_of(NOBODY), counts(Page(401, {}))) == (None, None)


def test_processes_as_the_tier_sees_them() -> None:
    said = [
        {"name": "catalog", "state": "up", "version": "1", "pid": 9, "uptime_s": 3.0, "reason": ""},
        {"name": "embed", "state": "down", "reason": "nobody answers", "version": None, "pid": None, "uptime_s": None},
    ]
    up, down = from_page(Page(200, {"processes": said}))
    assert (up.state, up.answers, up.version, up.pid, up.up_s) == ("ready", True, "1", 9, 3.0)
    assert (down.alive, down.answers, down.reason) == (False, False, "nobody answers")
    assert from_page(Page(404, {})) == []


def test_nobody_at_an_address() -> None:
    assert look("http://127.0.0.1:1", "/healthz") == NOBODY


class GroupLog(MemoryLog):
    """A log whose records were all appended a moment ago, and whose groups stand where they are told."""

    def __init__(self) -> None:
        super().__init__()
        self.groups: dict[str, int] = {}

    def offset_at(self, topic: str, partition: int, time_ms: int) -> int:
        return 0

    def committed(self, group: str, topic: str, partitions: list[int]) -> dict[int, int]:
        return dict.fromkeys(partitions, self.groups.get(group, -1))


async def test_dead_letters_by_reason_copies_once() -> None:
    log = GroupLog()
    for value in (
        letter().encode(),
        letter().encode(),
        letter(id="catalog-0-1", reason="unknown_sku").encode(),
        letter(id="catalog-0-2", reason="unknown_sku").encode(),
        b"?",
    ):
        await log.send("dead-letters", b"a", value, 0)
    found = its_log.dead_letters(log, 1, 0)
    assert found.by_reason == {"unknown_sku": 2, "unexpected": 1, "unreadable": 1}
    assert (found.total, found.more) == (4, False)


@pytest.mark.parametrize(("count", "more"), [(LETTERS_MAX, False), (LETTERS_MAX + 1, True)])
async def test_only_the_newest_dead_letters_are_counted(count: int, more: bool) -> None:
    log = GroupLog()
    for number in range(count):
        await log.send("dead-letters", b"a", f"unreadable {number}".encode(), 0)
    found = its_log.dead_letters(log, 1, 0)
    assert (found.total, found.more) == (LETTERS_MAX, more)


async def test_lags_from_the_log_alone_where_the_marker_of_contents_does_not_count() -> None:
    log = GroupLog()
    for base in ("catalog", "contents"):
        for _ in range(5):
            await log.send(base, b"a", b"{}", 0)
    log.groups = {"freshet-catalog-1": 3, "freshet-embed-1": 4}
    found = {step.step: (step.offset, step.lag) for step in its_log.worker_steps(log, 1, 1)}
    assert found == {"catalog": (3, 2), "embed": (4, 0)}
    log.groups = {}
    assert [(step.offset, step.lag) for step in its_log.worker_steps(log, 1, 1)] == [(None, 5), (None, 5)]


async def test_clicks_only_where_somebody_reads_them() -> None:
    log = GroupLog()
    for _ in range(3):
        await log.send("clicks", b"s", b"{}", 0)
    assert its_log.click_steps(log, 1, 1, {}) == []
    log.groups = {"freshet-session-1": 1}
    assert [(step.offset, step.lag) for step in its_log.click_steps(log, 1, 1, {})] == [(1, 2)]
    told = {"session": Page(200, {"next_offsets": {"0": 3}})}
    assert [(step.offset, step.lag) for step in its_log.click_steps(log, 1, 1, told)] == [(3, 0)]


def test_a_shards_own_page() -> None:
    page = Page(200, {"shards": [{**replica(4, 5), "documents_lag": 1, "offers_lag": 0}]})
    assert [(step.step, step.offset, step.lag) for step in its_log.shard_steps(page)] == [
        ("documents", 4, 1),
        ("offers", 5, 0),
    ]


def test_the_newest_snapshot_of_each_shard(tmp_path: Path) -> None:
    folder = shard_folder(tmp_path, 1, 0)
    folder.mkdir(parents=True)
    made = shard()
    apply(logged("documents", [document("a", 1)]), made)
    for _ in range(2):
        manifest = write(made.view, folder, ORIGIN, 2, 1_000)
    (found,) = newest_snapshots(tmp_path, 1)
    assert (found.file, found.documents_offset, found.damaged) == ("manifest-000000000002.json", 1, "")
    assert found.size_bytes == sum(file.size for file in manifest.files.values())
    assert newest_snapshots(tmp_path, 2) == []
    (folder / manifest.files["bodies-0"].name).unlink()
    assert "bodies cannot be read" in newest_snapshots(tmp_path, 1)[0].damaged


def test_disk_by_part(tmp_path: Path) -> None:
    for name in ("kafka/log/a", "catalog-0/store", "catalog-1/store", "state.json"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 10_000)
    used = used_bytes(tmp_path)
    assert set(used) == {"kafka", "catalog", "other"}
    assert used["catalog"] >= 20_000
    assert 10_000 <= used["kafka"] < 30_000, "with its folders"
