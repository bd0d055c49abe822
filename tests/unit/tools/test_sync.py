"""What a sync deletes, what it leaves alone, and when it refuses."""

import asyncio
import io
import time
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from freshet.http_door import HttpDoor
from freshet.imports.report import exit_code, report_lines
from freshet.imports.settling import OutcomeFollower
from freshet.imports.sku_set import SkuSet
from freshet.imports.sync import Shop, sync
from freshet.imports.sync_plan import SHARE_MAX, SyncPlan, plan_sync, refusal
from freshet.progress import PlainLines
from schemas.errors import StateRefused
from schemas.events import Delete, Patch, Upsert
from schemas.records import EventId, OfferRecord, Order, Outcome
from tests.unit.tools.fake_shop import FakeShop


def skus(*names: str) -> SkuSet:
    made = SkuSet()
    for name in names:
        made.add(name)
    return made


def live(*names: str) -> dict[str, EventId]:
    return {name: EventId(1, 0, offset) for offset, name in enumerate(names)}


def test_what_the_file_does_not_hold_and_nobody_changed_since_is_missing() -> None:
    plan = plan_sync(live("a", "b", "c", "d"), skus("b"), {0: 3})
    assert plan == SyncPlan(4, [("a", EventId(1, 0, 0)), ("c", EventId(1, 0, 2))], left_alone=1)
    assert plan.share == 0.5


@pytest.mark.parametrize(("missing", "refused"), [(20, False), (21, True)])
def test_the_share_that_is_refused(missing: int, refused: bool) -> None:
    plan = SyncPlan(100, [(f"s{n}", EventId(1, 0, n)) for n in range(missing)], 0)
    assert (plan.share > SHARE_MAX) is refused
    words = refusal(plan, products=80, rejected=0, partly="", force=False)
    assert bool(words) is refused and ("more than 20%" in words) is refused
    assert refusal(plan, products=80, rejected=0, partly="", force=True) == ""


@pytest.mark.parametrize(
    ("products", "rejected", "partly", "says", "forced"),
    [
        (5, 1, "", "1 lines were rejected", True),
        (5, 0, "--limit 5", "--limit 5", False),
        (0, 0, "", "holds no product", False),
    ],
)
def test_a_file_that_is_not_certain_deletes_nothing(
    products: int, rejected: int, partly: str, says: str, forced: bool
) -> None:
    plan = SyncPlan(100, [("s", EventId(1, 0, 1))], 0)
    assert says in refusal(plan, products=products, rejected=rejected, partly=partly, force=False)
    assert (refusal(plan, products=products, rejected=rejected, partly=partly, force=True) == "") is forced
    assert refusal(SyncPlan(100, [], 0), products=products, rejected=rejected, partly=partly, force=False) == ""


async def synced(
    shop: FakeShop, folder: Path, in_file: SkuSet, began: dict[int, int], force: bool = False
) -> dict[str, object]:
    async with TestServer(shop.app()) as server, HttpDoor(str(server.make_url("/"))) as door:
        outcomes = OutcomeFollower(shop.log, 1, 1)
        return await sync(
            Shop(shop.log, outcomes, door, 1, 1, 20.0),
            folder / "p.csv.not-in-file.txt",
            in_file,
            began,
            rejected=0,
            partly="",
            force=force,
            show=PlainLines(io.StringIO()),
            stop=asyncio.Event(),
            clock=time.monotonic,
        )


async def offer(shop: FakeShop, sku: str, offset: int, live: bool = True) -> None:
    order = Order(1, offset)
    record = OfferRecord(sku=sku, order=order, live_since=order if live else None)
    await shop.log.send("offers", sku.encode(), record.encode(), 0)


async def test_deletes_are_sent_accounted_for_and_listed(tmp_path: Path) -> None:
    shop = FakeShop()
    for offset in range(10):
        await offer(shop, f"s{offset}", offset)
    await offer(shop, "gone", 10)
    await offer(shop, "gone", 11, live=False)
    await shop.log.send("offers", b"forgotten", None, 0)
    found = await synced(shop, tmp_path, skus(*(f"s{n}" for n in range(8))), {0: 9})
    assert (found["live"], found["missing"], found["left_alone"]) == (10, 1, 1)
    assert (found["deleted"], found["unaccounted"], found["still_served"]) == (1, 0, [])
    assert (tmp_path / "p.csv.not-in-file.txt").read_text() == "s8\n"
    sent = [record.value for records in shop.log.read("catalog", 0, 0) for record in records]
    assert sent == [b'{"type":"delete","sku":"s8","unchanged_since":"1-0-8"}']


async def test_a_refused_sync_names_the_products_and_fails(tmp_path: Path) -> None:
    shop = FakeShop()
    for offset in range(4):
        await offer(shop, f"s{offset}", offset)
    found = await synced(shop, tmp_path, skus("s0"), {0: 99})
    assert shop.writes == 0 and found["first"] == ["s1", "s2", "s3"]
    result = {"rejected": 0, "lines": 1, "last_line": 1, "sent": 1, "acknowledged": 1, "cuts": 0, "sync": found}
    assert exit_code(result) == 1
    text = "\n".join(report_lines(result))
    assert "NOT deleted    they are 75% of the 4 products" in text and "s1, s2, s3" in text
    assert (await synced(shop, tmp_path, skus("s0"), {0: 99}, force=True))["deleted"] == 3


class Refusing(FakeShop):
    """Rejects the delete of s1; that of s2 becomes a dead letter."""

    async def take(self, number: int, line: bytes, not_taken: bool) -> dict[str, object]:
        if b'"s1"' in line:
            return {"line": number, "error": {"code": "invalid_field", "message": "no", "problems": []}}
        return await super().take(number, line, not_taken)

    async def decide(self, event: Upsert | Patch | Delete, event_id: EventId) -> None:
        if event.sku != "s2":
            await super().decide(event, event_id)
            return
        outcome = Outcome(event_id=str(event_id), sku="s2", outcome="dead-lettered", received_ms=1)
        await self.log.send("outcomes", str(event_id).encode(), outcome.encode(), event_id.partition)


@pytest.mark.parametrize(
    ("kept", "figures", "words"),
    [
        ("s2", (1, 1, 0), "NOT deleted    1: the shop rejected their deletes, see "),
        ("s1", (1, 0, 1), "NOT deleted    1: their deletes are dead letters"),
    ],
)
async def test_deletes_that_came_to_nothing_are_told_and_fail(
    tmp_path: Path, kept: str, figures: tuple[int, int, int], words: str
) -> None:
    shop = Refusing()
    for offset in range(3):
        await offer(shop, f"s{offset}", offset)
    found = await synced(shop, tmp_path, skus(kept), {0: 99}, force=True)
    assert (found["deleted"], found["rejected"], found["dead_lettered"]) == figures
    result = {"rejected": 0, "lines": 1, "last_line": 1, "sent": 1, "acknowledged": 1, "cuts": 0, "sync": found}
    assert exit_code(result) == 1
    assert words in "\n".join(report_lines(result))


async def test_an_offer_that_cannot_be_read_deletes_nothing(tmp_path: Path) -> None:
    shop = FakeShop()
    await shop.log.send("offers", b"s", b"{}", 0)
    with pytest.raises(StateRefused, match="offers/0 offset 0"):
        await synced(shop, tmp_path, skus("a"), {0: 9})
