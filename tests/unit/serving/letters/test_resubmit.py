"""A refused event is sent again at most once, and never over something newer; and every event is accounted for."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from schemas.errors import InvalidRequest
from schemas.limits import ATTRIBUTES_MAX
from schemas.metrics import Metrics
from schemas.records import EventId, Outcome, decode, fold
from serving.door import CATALOG, Door
from serving.history import History
from serving.letters.kept import LettersAsked, LetterScan
from serving.letters.model import Resubmitted, Skipped
from serving.letters.newer import Refused, newer_than
from serving.letters.resubmit import LetterTopics, Resubmitting
from tests.unit.books import Books, upsert

TOPICS = LetterTopics(1, 1, "tenant")
ALL = LettersAsked()


class Shop(Books):
    """Its refused events can be sent again."""

    def __init__(self) -> None:
        super().__init__()
        self.history = History(lambda: self)
        self.resubmitting = Resubmitting(self.history, Door(CATALOG, self, "catalog", 1, Metrics()), TOPICS)

    async def one(self, event_id: str, mended: dict[str, Any] | None = None) -> Resubmitted | Skipped:
        kept = next(one for one in LetterScan(self, 1, "tenant").find(ALL) if one.letter.event_id == event_id)
        done: Resubmitted | Skipped = await self.resubmitting.one(kept, orjson.dumps(mended) if mended else None)
        return done

    async def all(self, dry_run: bool = False) -> tuple[list[str], list[str]]:
        """The events that were sent (of a dry run: would be), and those that were not."""
        sent, skipped, _ = await self.resubmitting.all(ALL, dry_run)
        return sorted(one.event_id for one in sent), sorted(one.superseded_by for one in skipped)

    def outcomes(self) -> dict[str, str]:
        found: dict[str, Outcome] = {}
        for record in self._records["outcomes", 0]:
            one = decode(Outcome, record.value or b"")
            found[one.event_id] = fold(found.get(one.event_id), one)
        return {event_id: one.outcome for event_id, one in found.items()}


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    made = Shop()
    made.merchant(upsert("a", "lamp"), upsert("b", "bed"))
    made.work()
    yield made
    made.history.close()


async def test_mended_and_sent_again_once(shop: Shop) -> None:
    shop.merchant({"type": "patch", "sku": "a", "stock": -1})
    shop.work()
    refused = await shop.one("1-0-2")
    assert isinstance(refused, Skipped) and "would be refused again: stock" in refused.why
    mended = {"type": "patch", "sku": "a", "stock": 1}
    assert await shop.one("1-0-2", mended) == Resubmitted(id="catalog-0-2", event_id="1-0-3")
    for decided in (False, True):
        if decided:
            shop.work()
        twice = await shop.one("1-0-2", mended)
        assert isinstance(twice, Skipped) and twice.superseded_by == "1-0-3", decided
    assert shop.outcomes()["1-0-3"] == "indexed"


@pytest.mark.parametrize(
    ("newer", "why"),
    [
        (upsert("a", "desk lamp"), "was accepted"),
        (upsert("a", "lamp"), "says that the product is to stay as it is"),
        ({"type": "delete", "sku": "a"}, "has deleted the product"),
    ],
)
async def test_what_came_after_it_is_not_undone(shop: Shop, newer: dict[str, Any], why: str) -> None:
    shop.merchant({"type": "patch", "sku": "a", "stock": -1}, newer)
    shop.work()
    said = await shop.one("1-0-2", {"type": "patch", "sku": "a", "stock": 1})
    assert isinstance(said, Skipped) and (said.superseded_by, why in said.why) == ("1-0-3", True)
    assert shop.begin_end("catalog", 0)[1] == 4


async def test_what_waits_for_its_decision_counts_as_newer(shop: Shop) -> None:
    shop.merchant({"type": "patch", "sku": "a", "stock": -1})
    shop.work()
    shop.merchant(upsert("a", "desk lamp"))
    said = await shop.one("1-0-2", {"type": "patch", "sku": "a", "stock": 1})
    assert isinstance(said, Skipped) and "event 1-0-3 waits for its decision" in said.why


async def test_what_was_refused_too_does_not_count_as_newer(shop: Shop) -> None:
    shop.merchant({"type": "patch", "sku": "a", "stock": -1}, {"type": "patch", "sku": "a", "stock": -2})
    shop.work()
    assert isinstance(await shop.one("1-0-2", {"type": "patch", "sku": "a", "title": "x"}), Resubmitted)


async def test_an_older_version_is_sent_once_though_nothing_is_accepted(shop: Shop) -> None:
    shop.merchant(upsert("a", "lamp") | {"version": 5}, upsert("a", "lamp") | {"version": 3, "stock": -1})
    shop.work()
    mended = upsert("a", "lamp") | {"version": 3, "stock": 1}
    assert isinstance(await shop.one("1-0-3", mended), Resubmitted)
    shop.work()
    said = await shop.one("1-0-3", mended)
    assert isinstance(said, Skipped) and "has sent it again (superseded)" in said.why


async def test_all_of_them_twice_send_nothing_twice_and_every_event_is_accounted_for(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events that a bug refused: the encoder's, and two of one product, which come in their order."""
    shop.merchant(upsert("c", "unusable"), {"type": "patch", "sku": "c", "stock": 3}, upsert("d", "unusable"))
    shop.work()
    shop.merchant(upsert("d", "desk"), upsert("e", "unusable"), {"type": "patch", "sku": "gone", "stock": 1})
    shop.put("catalog", b"f", b"{")
    shop.work()
    monkeypatch.setattr("tests.unit.books.FourNumbers.encode_texts", lambda self, texts: usable(texts))
    assert await shop.all(dry_run=True) == (["1-0-2", "1-0-6"], ["", "", "1-0-5"])
    assert shop.begin_end("catalog", 0)[1] == 9
    sent = await shop.all()
    assert sent == (["1-0-10", "1-0-9"], ["", "", "1-0-5"])
    assert await shop.all() == ([], ["", "", "1-0-10", "1-0-5", "1-0-9"])
    shop.work()
    assert await shop.all() == ([], ["", "", "1-0-10", "1-0-5", "1-0-9"])
    told = shop.outcomes()
    assert len(told) == shop.begin_end("catalog", 0)[1] and (told["1-0-9"], told["1-0-10"]) == ("indexed", "indexed")
    newest = {one.key: orjson.loads(one.value or b"") for one in shop._records["offers", 0]}
    assert newest[b"c"]["offer"]["stock"] == 3, "sent again with the offer of today"


async def test_more_than_are_sent_at_once_are_sent_by_asking_on(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """And so are letters behind more than are looked through at once."""
    shop.merchant(*(upsert(sku, "unusable") for sku in "cdefg"))
    shop.work()
    monkeypatch.setattr("tests.unit.books.FourNumbers.encode_texts", lambda self, texts: usable(texts))
    monkeypatch.setattr("serving.letters.resubmit.LETTERS_MAX", 2)
    before, said = None, []
    for _ in range(3):
        sent, _, before = await shop.resubmitting.all(ALL, False, before)
        said.append([one.id[-1] for one in sent])
    assert (said, before) == ([["5", "6"], ["3", "4"], ["2"]], None)


def usable(texts: Any) -> Any:
    import numpy as np

    return np.array([[1.0, 0.0, 0.0, 0.0] for _ in texts], dtype=np.float32)


async def test_a_repetition_that_is_refused_too_is_repeated_alone(shop: Shop) -> None:
    full = {f"a{number}": number for number in range(ATTRIBUTES_MAX)}
    shop.merchant(upsert("a", "lamp") | {"attributes": full}, {"type": "patch", "sku": "a", "attributes": {"more": 1}})
    shop.work()
    for sent in ("1-0-4", "1-0-5", "1-0-6"):
        assert (await shop.all())[0] == [sent]
        assert (await shop.all())[0] == []
        shop.work()


async def test_what_was_accepted_is_not_mended(shop: Shop) -> None:
    """Its text would be taken from the event that was accepted."""
    shop.merchant(upsert("c", "unusable"))
    shop.work()
    said = await shop.one("1-0-2", upsert("c", "usable"))
    assert isinstance(said, Skipped) and "was accepted as it is" in said.why
    assert shop.begin_end("catalog", 0)[1] == 3


async def test_nobody_can_tell_while_too_many_wait(shop: Shop) -> None:
    shop.merchant(upsert("b", "bed"), upsert("b", "bed"))
    asked = [Refused(EventId(1, 0, 1), "a", False, 0)]
    assert newer_than(shop, 1, 1, asked, waiting_max=2) == {}
    assert "too many events wait" in newer_than(shop, 1, 1, asked, waiting_max=1)[asked[0].event].why


async def test_two_at_once_send_it_once(shop: Shop) -> None:
    shop.merchant(upsert("c", "unusable"))
    shop.work()
    first, second = await asyncio.gather(shop.all(), shop.all())
    assert (first, second) == ((["1-0-3"], []), ([], ["1-0-3"]))


async def test_what_is_no_longer_known_is_not_sent(shop: Shop) -> None:
    shop.merchant({"type": "patch", "sku": "a", "stock": -1})
    shop.work()
    shop.after["outcomes"] = 3
    shop.put("outcomes", b"x", b"?")
    shop._records["outcomes", 0] = [
        one._replace(timestamp_ms=one.timestamp_ms + 120_000) for one in shop._records["outcomes", 0]
    ]
    said = await shop.one("1-0-2", {"type": "patch", "sku": "a", "stock": 1})
    assert isinstance(said, Skipped) and "no longer kept" in said.why


async def test_only_so_many_outcomes_are_read(shop: Shop) -> None:
    asked = [Refused(EventId(1, 0, 1), "b", False, 0)]
    assert newer_than(shop, 1, 1, asked, 2) == {}
    with pytest.raises(InvalidRequest, match="2 outcomes came after"):
        newer_than(shop, 1, 1, asked, 1)
