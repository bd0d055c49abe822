"""Why is my product not live? Each case that a merchant may meet, told in a sentence with what helps."""

from collections.abc import Sequence
from typing import Any

import orjson
import pytest

from freshet.show_journey import journey_lines
from schemas.errors import Unavailable
from schemas.hits import Hit, ShardState
from schemas.records import Content, Offer, Order
from serving.journey.events_of import UNREADABLE_MAX, events_of
from serving.journey.journey import journey
from serving.journey.model import Journey
from serving.shard_answers import Seen, SeenAnswer, SkuOnShard
from tests.unit.books import Books, upsert

STATE = ShardState(partition=0, replica=0, documents_offset=1, offers_offset=1, lineage="x")


class Shards:
    """Replicas that hold what the books hold; those in `away` do not answer, those in `behind` hold nothing new."""

    def __init__(self, books: Books, replicas: Sequence[str] = ("0",), away: str = "", behind: str = "") -> None:
        self.books, self.away, self.behind = books, away, behind
        self.names = replicas
        self.out: frozenset[str] = frozenset()

    def taken_out(self, partition: int) -> frozenset[str]:
        return self.out

    def replicas_of(self, partition: int) -> dict[str, str]:
        return {name: name for name in self.names}

    def newest(self, topic: str, sku: str) -> dict[str, Any] | None:
        found = [one for one in self.books._records[topic, 0] if one.key == sku.encode() and one.value]
        return orjson.loads(found[-1].value or b"") if found else None

    async def sku(self, partition: int, sku: str, timeout_s: float) -> SkuOnShard:
        if len(self.away) == len(self.names):
            raise Unavailable("away")
        document, offer = self.newest("documents", sku), self.newest("offers", sku)
        hit, sold = None, Offer.model_validate(offer["offer"]) if offer and offer.get("offer") else None
        if document and document.get("content"):
            hit = Hit(
                sku=sku,
                score=None,
                content=Content(title="shown"),
                content_order=Order(1, 0),
                offer=sold,
                in_stock=sold is None or sold == Offer() or sold.in_stock,
            )
        gone = offer is not None and "live_since" not in offer
        waits = offer is not None and not gone and hit is None
        return SkuOnShard(hit=hit, deleted=gone, waiting="document" if waits else None, state=STATE)

    async def seen_at(
        self, address: str, partition: int, events: Sequence[tuple[str, Order]], timeout_s: float
    ) -> SeenAnswer:
        if address in self.away:
            raise Unavailable("away")
        seen = []
        for sku, order in events:
            document, offer = self.newest("documents", sku), self.newest("offers", sku)
            if address in self.behind:
                document = offer = None
            seen.append(
                Seen(
                    content_order=Order(*document["order"]) if document else None,
                    offer_order=Order(*offer["order"]) if offer else None,
                    embedded_ms=7 if document and tuple(document["order"]) == order else None,
                    content_searchable_ms=9 if document and tuple(document["order"]) == order else None,
                    offer_searchable_ms=8 if offer and tuple(offer["order"]) == order else None,
                    title="shown" if document and document.get("content") else None,
                )
            )
        return SeenAnswer(seen=seen, state=STATE)


async def told(books: Books, sku: str, limit: int = 10, scanned_max: int = 100_000, **more: Any) -> Journey:
    found = events_of(books, 1, 1, 0, sku, limit, scanned_max)
    return await journey(sku, 0, found, Shards(books, **more))


@pytest.fixture
async def books() -> Books:
    shop = Books()
    shop.merchant(upsert("a", "lamp") | {"version": 5}, upsert("b", "bed"))
    shop.work()
    return shop


async def test_a_fresh_product(books: Books) -> None:
    found = await told(books, "a")
    assert (found.now, found.says, found.do) == ("shown", "it is shown as its newest event 1-0-0 made it", "")
    (event,) = found.events
    assert (event.type, event.fields, event.version, event.outcome) == ("upsert", ["title"], 5, "indexed")
    assert event.says == "the product was accepted: its text goes to the encoder"
    assert (event.steps.embedded_ms, event.steps.searchable_ms) == (7, {"0": 9})
    (replica,) = found.replicas
    assert (replica.shown, replica.content_event, replica.offer_event, replica.newest) == (True, "1-0-0", "1-0-0", True)


async def test_an_event_that_changes_nothing(books: Books) -> None:
    books.merchant(upsert("a", "lamp") | {"version": 5})
    books.work()
    found = await told(books, "a")
    assert found.now == "shown"
    assert found.says.startswith("it is shown as event 1-0-0 made it; the newest, 1-0-2: the product changes nothing")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"stock": 0}, "its stock is 0"),
        ({"stock": 3, "availability": "discontinued"}, "its availability is discontinued"),
        ({"availability": "in_stock", "stock": 0}, "its stock is 0"),
    ],
)
async def test_one_that_cannot_be_bought_says_which_filter_hides_it(
    books: Books, changed: dict[str, Any], why: str
) -> None:
    books.merchant({"type": "patch", "sku": "a", **changed})
    books.work()
    found = await told(books, "a")
    assert (found.now, found.do) == ("shown", "")
    assert found.says.endswith(f" made it, not in stock ({why}), so a filter by stock hides it")


async def test_a_dead_letter_names_the_field_and_what_helps(books: Books) -> None:
    books.merchant(upsert("a", "desk lamp") | {"price": {"amount": -1, "currency": "euro"}})
    books.work()
    found = await told(books, "a")
    assert found.now == "shown" and "was refused (invalid_field): price.amount" in found.says
    assert found.do == "correct it and send it again"
    newest = found.events[0]
    assert (newest.outcome, newest.reason, newest.who) == ("dead-lettered", "invalid_field", "merchant")
    assert {one.field for one in newest.problems} == {"price.amount", "price.currency"} and newest.type == "upsert"
    told_once = "\n".join(journey_lines(found.model_dump()))
    assert told_once.count("price.currency:") == 2, "of the product, and of the event"


async def test_a_patch_of_nothing(books: Books) -> None:
    books.merchant({"type": "patch", "sku": "nobody", "stock": 3})
    books.work()
    found = await told(books, "nobody")
    assert (found.now, found.do) == ("refused", "send the whole product as an upsert first")
    assert "unknown_sku" in found.says


async def test_an_event_that_came_too_late(books: Books) -> None:
    books.merchant(upsert("a", "old lamp") | {"version": 4})
    books.work()
    found = await told(books, "a")
    assert found.now == "shown" and "came too late: version 4 is older than 5" in found.says
    assert found.do == "send it with a higher version, or without one, to make it count"


async def test_a_deleted_product_and_what_was_sent_after_it(books: Books) -> None:
    books.merchant({"type": "delete", "sku": "b"})
    books.work()
    found = await told(books, "b")
    assert (found.now, found.says) == ("deleted", "it was deleted by event 1-0-2")
    assert found.do == "to bring it back, send the whole product as an upsert"
    lines = "\n".join(journey_lines(found.model_dump()))
    assert "gone from replica 0 +" in lines and "searchable on replica 0 +" not in lines.split("upsert")[0]
    books.merchant({"type": "patch", "sku": "b", "stock": 3})
    books.work()
    found = await told(books, "b")
    assert (found.now, found.do) == ("deleted", "send the whole product as an upsert first")


async def test_one_that_waits_for_its_decision(books: Books) -> None:
    books.merchant(upsert("b", "sofa bed"), upsert("a", "desk lamp"))
    found = await told(books, "a")
    assert (found.now, found.waits_behind, found.events[0].outcome) == ("waiting", 1, None)
    assert "waits for its decision, 1 event is before it; until then it is shown as it was" in found.says


async def test_one_that_waits_for_the_encoder(books: Books) -> None:
    books.merchant(upsert("a", "desk lamp"))
    books.work()
    books.drop("documents", 2)
    found = await told(books, "a")
    assert found.now == "waiting" and "waits for the encoder" in found.says
    new = Books()
    new.merchant(upsert("c", "chair"))
    new.work()
    new.drop("documents", 0)
    found = await told(new, "c")
    assert found.now == "waiting" and "waits for the encoder" in found.says


async def test_one_that_no_replica_has_taken_yet(books: Books) -> None:
    books.merchant({"type": "patch", "sku": "a", "stock": 3})
    books.work()
    books.drop("offers", 2)
    found = await told(books, "a")
    assert found.now == "waiting" and "no replica has taken it yet" in found.says


async def test_replicas_that_are_away_or_behind_are_named(books: Books) -> None:
    names = ("0", "1", "2")
    assert "on all 3 replicas" in (await told(books, "a", replicas=names)).says
    found = await told(books, "a", replicas=names, away="1", behind="2")
    assert "on 1 of 3 replicas (1 away; 2 behind)" in found.says
    assert [(one.answers, one.newest) for one in found.replicas] == [(True, True), (False, None), (True, False)]
    assert found.degraded == ["replica-1"]
    assert (await told(books, "a", away="0")).now == "not told"


async def test_one_that_nobody_knows(books: Books) -> None:
    found = await told(books, "z")
    assert (found.now, found.events, found.do[:4]) == ("unknown", [], "look")


async def test_what_the_encoder_refused_counts_once_and_is_the_operators(books: Books) -> None:
    books.merchant(upsert("c", "unusable"))
    books.work()
    found = await told(books, "c")
    (event,) = found.events
    assert (event.outcome, event.reason, event.who) == ("dead-lettered", "encoder_refused", "operator")
    assert event.do.endswith(f"freshet dlq replay {event.id}")
    assert event.steps.decided_ms is not None


async def test_an_event_that_is_no_json_is_found_by_its_key(books: Books) -> None:
    books.put("catalog", b"a", b"{")
    books.work()
    (newest, _) = (await told(books, "a")).events
    assert (newest.type, newest.reason) == ("unreadable", "malformed_json")
    for _ in range(UNREADABLE_MAX):
        books.put("catalog", b"other", b"{")
    books.work()
    assert len((await told(books, "a")).events) == 1, "only the last UNREADABLE_MAX are looked up"


async def test_at_most_so_many_events_and_outcomes(books: Books) -> None:
    for number in range(5):
        books.merchant({"type": "patch", "sku": "a", "stock": number})
    books.work()
    found = await told(books, "a", limit=3)
    assert [one.id for one in found.events] == ["1-0-6", "1-0-5", "1-0-4"]
    assert found.complete
    assert not (await told(books, "a", scanned_max=0)).complete
