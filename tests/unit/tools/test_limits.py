"""The limits of the importer, each at its last good value and at the next one."""

import asyncio
import io
from pathlib import Path
from typing import Any

import orjson
import pytest

from freshet.http_door import RETRY_AFTER_S_MAX, refusal
from freshet.imports import importing
from freshet.imports.importing import BATCH_BYTES_MAX, GIVE_UP_S, REQUESTS_IN_FLIGHT_MAX, Import
from freshet.imports.pacing import AHEAD, LOOK_S_MAX, PER_S_MAX, START_PER_S, STARVED_S, Pace
from freshet.imports.plan import ImportPlan
from freshet.imports.readers.jsonl import JsonLines
from freshet.imports.rejected import RejectedFile
from freshet.progress import PlainLines
from schemas.errors import Overloaded, Unavailable
from tests.waiting import LIMIT_S

EVENT_BYTES = BATCH_BYTES_MAX // 8


class Door:
    """Acknowledges everything; says what came in which request."""

    def __init__(self) -> None:
        self.requests: list[list[bytes]] = []

    async def get(self, path: str) -> Any:
        return {"partitions": [{"partition": 0, "catalog_lag": 0, "contents_lag": 0, "documents_lag": 0}]}

    async def post_lines(self, path: str, lines: list[bytes]) -> Any:
        first = sum(map(len, self.requests))
        self.requests.append(lines)
        return {"events": [{"line": at, "event_id": f"1-0-{first + at}"} for at in range(1, len(lines) + 1)]}


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


async def send(file: Path, door: Door, clock: Clock | None = None, batch: int = 200) -> Import:
    plan = ImportPlan(JsonLines(file), None, RejectedFile(file.with_suffix(".rejected")), batch=batch)
    ticking = clock or asyncio.get_running_loop().time
    work = Import(plan, door, PlainLines(io.StringIO()), asyncio.Event(), ticking)
    async with asyncio.timeout(LIMIT_S):
        await work.run()
    return work


def events(file: Path, *sizes: int) -> Path:
    """A file whose lines become events of so many bytes."""
    empty = len(orjson.dumps({"type": "upsert", "sku": "s0", "title": ""}))
    lines = [{"type": "upsert", "sku": f"s{at}", "title": "x" * (size - empty)} for at, size in enumerate(sizes)]
    file.write_bytes(b"\n".join(map(orjson.dumps, lines)))
    return file


@pytest.mark.parametrize(("extra", "requests"), [(0, [8]), (1, [7, 1])])
async def test_the_bytes_of_a_request(tmp_path: Path, extra: int, requests: list[int]) -> None:
    door = Door()
    work = await send(events(tmp_path / "p.jsonl", *[EVENT_BYTES] * 7, EVENT_BYTES + extra), door)
    assert [len(lines) for lines in door.requests] == requests
    assert work.tally.acknowledged == 8


async def test_requests_in_flight(tmp_path: Path) -> None:
    class SlowDoor(Door):
        """Answers when as many requests are on their way as there may be, and the importer had time for one more."""

        in_flight = most = 0

        async def post_lines(self, path: str, lines: list[bytes]) -> Any:
            self.in_flight += 1
            self.most = max(self.most, self.in_flight)
            while self.most < REQUESTS_IN_FLIGHT_MAX:
                await asyncio.sleep(0.001)
            for _ in range(100):
                await asyncio.sleep(0)
            self.in_flight -= 1
            return await super().post_lines(path, lines)

    door = SlowDoor()
    work = await send(events(tmp_path / "p.jsonl", *[60] * 40), door, batch=1)
    assert door.most == REQUESTS_IN_FLIGHT_MAX
    assert work.tally.acknowledged == len(door.requests) == 40


async def test_how_long_a_part_may_be_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "RETRY_S", 0.0)
    clock, tried_s = Clock(), [GIVE_UP_S, GIVE_UP_S + 0.001, GIVE_UP_S + 1]

    class DeadDoor(Door):
        async def post_lines(self, path: str, lines: list[bytes]) -> Any:
            clock.now_s = tried_s.pop(0)
            raise Unavailable("nobody answers")

    with pytest.raises(Unavailable):
        await send(events(tmp_path / "p.jsonl", 60), DeadDoor(), clock)
    assert tried_s == [GIVE_UP_S + 1]


@pytest.mark.parametrize(
    ("said", "waits_s"),
    [
        (f"{RETRY_AFTER_S_MAX:g}", RETRY_AFTER_S_MAX),
        (f"{RETRY_AFTER_S_MAX + 1:g}", RETRY_AFTER_S_MAX),
        ("0", 0.1),
        (None, 1.0),
        ("Wed, 21 Oct 2026 07:28:00 GMT", 1.0),
    ],
)
def test_a_server_cannot_put_us_off_for_long(said: str | None, waits_s: float) -> None:
    error = refusal(429, said, None, "POST /v1/catalog")
    assert isinstance(error, Overloaded)
    assert error.retry_after_s == waits_s


@pytest.mark.parametrize(("drained", "per_s"), [(PER_S_MAX, PER_S_MAX), (PER_S_MAX + 1, PER_S_MAX)])
def test_the_highest_rate(drained: float, per_s: float) -> None:
    pace = Pace(20.0)
    pace.observe(0.0, 0, 10_000)
    pace.observe(1.0, int(drained), 10_000)
    assert pace.per_s == per_s


@pytest.mark.parametrize(
    ("elapsed_s", "room"),
    [
        (LOOK_S_MAX, int(START_PER_S * LOOK_S_MAX * AHEAD)),
        (LOOK_S_MAX + 1, int(START_PER_S * LOOK_S_MAX * AHEAD)),
    ],
)
def test_a_late_look_does_not_let_more_through(elapsed_s: float, room: int) -> None:
    pace = Pace(20.0)
    pace.observe(0.0, 0, 200)
    pace.observe(elapsed_s, int(START_PER_S * elapsed_s), 200)
    assert pace.per_s == START_PER_S
    assert pace.room() == room


@pytest.mark.parametrize(("short_of", "grows"), [(0, False), (1, True)])
def test_a_queue_that_is_too_short_to_measure(short_of: int, grows: bool) -> None:
    queued = int(START_PER_S * STARVED_S) - short_of
    pace = Pace(20.0)
    pace.observe(0.0, 0, queued)
    pace.observe(1.0, 10, queued)
    assert (pace.per_s > START_PER_S) is grows
