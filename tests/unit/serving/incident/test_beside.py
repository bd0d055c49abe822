"""Replays beside the tier: one at a time, ended in time, and nothing left behind."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import Overloaded, Unavailable
from schemas.settings import ServingSettings
from serving.incident.beside import FOLDER, LOCK, Beside
from serving.problems import Refusal
from tests.unit.serving.fakes import FAKE_REPLAY
from tests.waiting import LIMIT_S

FAKE = (sys.executable, "-c", FAKE_REPLAY)


def beside(data: Path, command: tuple[str, ...] = FAKE) -> Beside:
    return Beside(ServingSettings(data=data), command)


def asking(request_id: str) -> dict[str, Any]:
    return {"do": "replay", "answer": {"request_id": request_id}, "set": []}


def left(data: Path) -> list[str]:
    return [path.name for path in (data / FOLDER).iterdir() if path.name != LOCK]


async def started(data: Path) -> None:
    """The fake has said so."""
    async with asyncio.timeout(LIMIT_S):
        while not any(log.stat().st_size for log in (data / FOLDER).glob("page-*/log")):
            await asyncio.sleep(0.01)


async def end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def ask(one: Beside, request_id: str, gone: bool = False, limit_s: float = LIMIT_S) -> Any:
    async with one.working(asking(request_id), lambda: gone, limit_s) as done:
        return done.said


async def test_what_it_says_is_told_and_its_folder_goes(tmp_path: Path) -> None:
    said = await ask(beside(tmp_path), "a")
    assert (said["request_id"], said["verdict"]) == ("a", "different")
    assert left(tmp_path) == []


async def test_another_one_is_refused_also_of_another_process(tmp_path: Path) -> None:
    task = asyncio.create_task(ask(beside(tmp_path), "slow"))
    await started(tmp_path)
    with pytest.raises(Overloaded, match="another replay is at work"):
        await ask(beside(tmp_path), "a")
    await end(task)
    assert left(tmp_path) == []
    assert (await ask(beside(tmp_path), "a"))["request_id"] == "a"


async def test_what_a_killed_tier_left_goes_and_a_folder_that_cannot_be_is_said(tmp_path: Path) -> None:
    (tmp_path / FOLDER / "page-of-before" / "deep").mkdir(parents=True)
    await ask(beside(tmp_path), "a")
    assert left(tmp_path) == []
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="there is no folder for the replay"):
        await ask(beside(tmp_path / "file"), "a")


async def test_it_is_ended_when_the_tier_stops_when_nobody_waits_and_when_it_takes_too_long(tmp_path: Path) -> None:
    one = beside(tmp_path)
    with pytest.raises(Unavailable, match="nobody waits"):
        await ask(one, "slow", gone=True)
    with pytest.raises(Refusal, match="the replay took longer") as refused:
        await ask(one, "slow", limit_s=0.2)
    assert refused.value.code == "replay_too_long"
    task = asyncio.create_task(ask(one, "slow"))
    await started(tmp_path)
    one.close()
    with pytest.raises(Unavailable, match="the tier stops"):
        await task
    assert left(tmp_path) == []


async def test_what_speaks_against_it_is_told_in_its_words(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="there is none") as refused:
        await ask(beside(tmp_path), "unknown")
    assert (refused.value.status, refused.value.code, refused.value.hint) == (404, "no_answer", "look")
    with pytest.raises(Unavailable, match="said nothing") as broken:
        await ask(beside(tmp_path), "broken")
    assert broken.value.hint == "it broke"


@pytest.mark.parametrize(
    ("code", "status"), [("state_refused", 409), ("bad_set", 400), ("unavailable", None), ("replay_failed", 503)]
)
async def test_each_refusal_has_its_status(tmp_path: Path, code: str, status: int | None) -> None:
    said = json.dumps({"error": {"code": code, "message": "no", "hint": ""}})
    with pytest.raises(Unavailable if status is None else Refusal) as refused:
        await ask(beside(tmp_path, (sys.executable, "-c", f"print({said!r})")), "a")
    assert getattr(refused.value, "status", None) == status
