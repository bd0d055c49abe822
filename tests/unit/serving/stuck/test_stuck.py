"""Every stuck product is counted once, for the reason that its journey tells."""

import shlex
from typing import Any

import pytest
from typer.testing import CliRunner

from freshet.cli import app
from schemas.errors import Unavailable
from schemas.hits import ShardState
from schemas.reasons import REASONS
from schemas.shards import ShardOnProcess, StateAnswer
from serving.history import History
from serving.journey.events_of import events_of
from serving.journey.journey import journey
from serving.stuck.found import where
from serving.stuck.refused import RefusedProducts
from serving.stuck.stuck import StuckFound, StuckProducts
from serving.stuck.waiting import before_step
from serving.stuck.words import words
from tests.unit.books import Books, upsert
from tests.unit.serving.fakes import Clock
from tests.unit.serving.journey.test_journey import Shards

Said = dict[str, tuple[str, str, str]]
"""By SKU: (reason, code, event)."""


class Replicas(Shards):
    """Tell how far they are, too: `places` by name, the end of the log for the others."""

    def __init__(self, books: Books, places: dict[str, tuple[int, int]] | None = None, **more: Any) -> None:
        super().__init__(books, **more)
        self.places = places or {}

    async def state_of(self, address: str, timeout_s: float) -> StateAnswer:
        ends = self.books.begin_end("documents", 0)[1], self.books.begin_end("offers", 0)[1]
        documents, offers = self.places.get(address, ends)
        state = ShardState(
            partition=0, replica=int(address), lineage="x", documents_offset=documents, offers_offset=offers
        )
        return StateAnswer(shards=[ShardOnProcess(state=state)])

    async def seen(self, partition: int, events: Any, timeout_s: float) -> Any:
        return await self.seen_at("0", partition, events, timeout_s)


async def found(books: Books, replicas: Replicas | None = None) -> StuckFound:
    history = History(lambda: books)
    try:
        return await StuckProducts(history, replicas or Replicas(books), 1, 1, Clock()).find()
    finally:
        history.close()


def said(of: StuckFound) -> Said:
    return {one.sku: (one.reason, one.code, one.event) for one in of.products}


async def journeys(books: Books, *skus: str, replicas: Replicas | None = None) -> Said:
    told: Said = {}
    for sku in skus:
        events = events_of(books, 1, 1, 0, sku, 10)
        stuck = (await journey(sku, 0, events, replicas or Replicas(books))).stuck
        if stuck is not None:
            told[sku] = (stuck.reason, stuck.code, stuck.event)
    return told


SKUS = ("a", "b", "c", "d", "e", "f", "g")


@pytest.fixture
async def books() -> Books:
    shop = Books()
    shop.merchant(*(upsert(sku, "lamp") | {"version": 5} for sku in SKUS))
    shop.work()
    return shop


async def test_of_a_healthy_shop_nothing_is_stuck(books: Books) -> None:
    of = await found(books)
    assert (of.products, of.unread, of.complete, of.degraded) == ([], 0, True, [])


async def test_each_reason_is_the_one_that_the_journey_tells(books: Books) -> None:
    books.merchant(
        upsert("a", "lamp") | {"price": {"amount": -1, "currency": "EUR"}},  # refused
        {"type": "patch", "sku": "ghost", "stock": 1},  # refused: there is no such product
        upsert("b", "x") | {"stock": -1},
        upsert("b", "bed"),  # put right
        upsert("c", "unusable"),  # the encoder refuses it
        upsert("c", "unusable"),  # changes nothing, and does not help
        upsert("d", "unusable"),
        {"type": "delete", "sku": "d"},
        upsert("e", "x") | {"stock": -1},
        upsert("e", "lamp") | {"version": 4},  # too late, and yet its newest
    )
    books.put("catalog", b"f", b"{")
    books.work()
    books.merchant(upsert("g", "new lamp"), upsert("g", "newer lamp"))
    of = await found(books)
    assert said(of) == {
        "a": ("dead-lettered", "invalid_field", "1-0-7"),
        "ghost": ("dead-lettered", "unknown_sku", "1-0-8"),
        "c": ("dead-lettered", "encoder_refused", "1-0-11"),
        "f": ("dead-lettered", "malformed_json", "1-0-17"),
        "g": ("decision", "", "1-0-19"),
    }
    assert said(of) == await journeys(books, *SKUS, "ghost")
    assert of.counts["dead-lettered", "invalid_field"] == 1 and of.complete
    assert [one.since_ms for one in of.products] == sorted(one.since_ms for one in of.products)


async def test_what_waits_for_the_encoder_or_for_shards(books: Books) -> None:
    end = books.begin_end("documents", 0)[1], books.begin_end("offers", 0)[1]
    books.merchant(upsert("a", "new lamp"), {"type": "patch", "sku": "b", "stock": 1})
    books.work()
    behind = Replicas(books, {"0": end}, replicas=("0",), behind="0")
    assert said(await found(books, behind)) == {"a": ("shard", "", "1-0-7"), "b": ("shard", "", "1-0-8")}
    some = Replicas(books, {"1": end}, replicas=("0", "1"), behind="1")
    assert {reason for reason, _, _ in said(await found(books, some)).values()} == {"behind"}
    some.out = frozenset("1")
    assert said(await found(books, some)) == {}, "the one that is behind serves nobody"
    some.out = frozenset("0")
    assert said(await found(books, some)) == {"a": ("taken_out", "", "1-0-7"), "b": ("taken_out", "", "1-0-8")}
    assert said(await found(books, some)) == await journeys(books, "a", "b", replicas=some)
    gone = Replicas(books, away="0")
    books.done["freshet-embed-1"] -= 2  # beside the transaction's marker
    waits = said(await found(books))
    assert waits == {"a": ("encoder", "", "1-0-7"), "g": ("encoder", "", "1-0-6")}
    assert await journeys(books, "a", "g") == waits
    assert (await journeys(books, "a", replicas=gone))["a"][0] == "encoder"


async def test_the_books_are_read_on_and_never_twice(books: Books) -> None:
    known = RefusedProducts(1, 1)
    assert known.read_on(books, 3) == 4 and known.read_on(books, 3) == 1 and known.read_on(books, 3) == 0
    books.merchant(upsert("a", "x") | {"stock": -1})
    books.work()
    assert known.read_on(books) == 0 and set(known.by_catalog()) == {"a"}
    books.merchant(upsert("a", "bed"))
    books.work()
    known.read_on(books)
    assert known.by_catalog() == {}


async def test_only_so_many_are_remembered(books: Books) -> None:
    books.merchant(*(upsert(sku, "x") | {"stock": -1} for sku in "abc"))
    books.work()
    for most, forgotten in ((3, 0), (2, 1)):
        known = RefusedProducts(1, 1, products_max=most)
        known.read_on(books)
        assert (len(known.by_catalog()), known.forgotten) == (most, forgotten)


async def test_what_was_forgotten_is_looked_for_again_once_there_is_room(books: Books) -> None:
    books.merchant(*(upsert(sku, "x") | {"stock": -1} for sku in "abc"))
    books.work()
    known = RefusedProducts(1, 1, products_max=2)
    known.read_on(books)
    assert (set(known.by_catalog()), known.forgotten) == ({"b", "c"}, 1)
    books.merchant(upsert("b", "bed"))
    books.work()
    known.read_on(books)
    assert (set(known.by_catalog()), known.forgotten) == ({"c"}, 1)
    assert known.read_on(books) == 0
    assert (set(known.by_catalog()), known.forgotten) == ({"a", "c"}, 0)


async def test_what_retention_has_removed_is_not_told_any_more(books: Books) -> None:
    books.merchant(*(upsert(sku, "x") | {"stock": -1} for sku in "ab"))
    books.work()
    known = RefusedProducts(1, 1)
    known.read_on(books)
    _, end = books.begin_end("outcomes", 0)
    books.after["outcomes"] = end - 1
    known.read_on(books)
    assert set(known.by_catalog()) == {"b"}


async def test_of_events_that_must_be_looked_up_the_next_question_reads_on(books: Books) -> None:
    for sku in (b"a", b"b"):
        books.put("catalog", sku, b"{")
    books.work()
    known = RefusedProducts(1, 1)
    assert known.read_on(books, lookups_max=1) == 1 and set(known.by_catalog()) == {"a"}
    assert known.read_on(books, lookups_max=1) == 0 and set(known.by_catalog()) == {"a", "b"}
    every = RefusedProducts(1, 1)
    assert every.read_on(books, lookups_max=2) == 0 and set(every.by_catalog()) == {"a", "b"}
    assert (known.forgotten, every.forgotten) == (0, 0)


async def test_only_so_many_records_are_looked_through(books: Books) -> None:
    for most, complete in ((7, True), (6, False)):
        assert before_step(books, "catalog", 1, 0, 0, 7, most).complete == complete


@pytest.mark.parametrize("code", [code for code, reason in REASONS.items() if reason.who == "operator"])
def test_the_command_that_helps_is_one(code: str) -> None:
    _, command = words("dead-lettered", code)[1].split("freshet ")
    ran = CliRunner().invoke(app, [*shlex.split(command), "--dry-run", "--url", "http://127.0.0.1:9"])
    assert isinstance(ran.exception, Unavailable), ran.output


def test_only_replicas_that_serve_count() -> None:
    assert where({"0"}, set(), set()) is None and where(set(), set(), set()) is None
    assert where({"0"}, {"0"}, {"0"}) is None, "nobody serves"
