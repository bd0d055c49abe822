"""The events of a drill follow from its seed, and what must be shown after them is what a shop by the rules shows."""

from collections import Counter

import orjson

from agents.catalog import decide_batch
from agents.faults import Faults
from agents.topics import Topics
from freshet.drills.known_events import KnownEvents, Shown
from schemas.records import ContentRecord, OfferRecord, decode
from streams.reader import LogRecord

BATCHES, BATCH, SKUS = 60, 25, 50


def drawn(seed: int) -> tuple[KnownEvents, list[dict[str, object]]]:
    known = KnownEvents(seed, SKUS)
    return known, [event for _ in range(BATCHES) for event in known.batch(BATCH)]


def test_the_same_seed_sends_the_same() -> None:
    assert drawn(5)[1] == drawn(5)[1] != drawn(6)[1]


def test_no_product_comes_twice_in_a_batch() -> None:
    known = KnownEvents(1, BATCH)
    assert all(len({event["sku"] for event in known.batch(BATCH)}) == BATCH for _ in range(20))


def test_the_rules_lead_to_what_must_be_shown() -> None:
    known, events = drawn(7)
    log = [
        LogRecord("catalog", 0, offset, str(event["sku"]).encode(), orjson.dumps(event), 0)
        for offset, event in enumerate(events)
    ]
    decided = decide_batch(log, lambda sku: None, Topics(1, 1), Faults())
    shown: dict[str, Shown | None] = {}
    titles: dict[str, str | None] = {}
    for base, sku, value, _ in decided.changed:
        if base == "contents":
            content = decode(ContentRecord, value).content
            titles[sku] = content.title if content else None
        else:
            offer = decode(OfferRecord, value).offer
            title = titles[sku]
            shown[sku] = Shown(title, offer.stock or 0) if offer and title else None
    assert shown == known.shown
    kinds = Counter(outcome.outcome for outcome in decided.outcomes)
    assert set(kinds) == {"indexed", "deleted", "superseded", "duplicate"}, kinds
