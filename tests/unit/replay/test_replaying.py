"""Answers that are made again from the log: equal, or the first input or stage that differs is named."""

import asyncio
import itertools
import random
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from index_snapshots.checkpoints import CHECKPOINTS_KEPT
from index_snapshots.protocol import Offsets
from replay.answers.replaying import Replayed, replay
from replay.answers.what_if import AS_IT_WAS, NAMES, WhatIf, what_if
from replay.shards.bases import in_folders
from replay.shards.comparing import changes, counted, touched
from replay.shards.rebuilding import Rebuilding, Shard
from replay.shards.stops import Stop, first_of, ways
from schemas.catalogue_values import CatalogueValues, Named
from schemas.errors import InvalidRequest, SettingsError, Unavailable
from schemas.filters import Filters
from schemas.served import Served
from serving.problems import Refusal
from serving.synonyms.read import read_synonyms
from serving.understanding.catalogue import learned
from streams.reader import LogRecord
from tests.unit.index_snapshots.making import b64, content, document, offer, unit
from tests.unit.replay.live_shop import CLUSTER, COLOURS, LONG_S, SHOWN, THINGS, LiveShard, Shop
from tests.unit.serving.fakes import FakeReader


async def busy(shop: Shop, answers: int, seed: int = 1) -> None:
    """Answers while events come, and snapshots."""
    rng = random.Random(seed)
    for number in range(answers):
        shop.churn(rng.randrange(1, 12), rng)
        shop.follow(offers=None if rng.random() < 0.7 else shop.live.shard.view.offsets.offers)
        if number % 20 == 10:
            shop.live.snapshot()
        text = f"{rng.choice(COLOURS)} {rng.choice(THINGS)}" if rng.random() < 0.9 else ""
        filters = {"brand": ["Lumen"]} if rng.random() < 0.3 else {}
        await shop.search(
            text, filters=filters, facets=["brand", "attributes.colour", "price"], limit=5, page=rng.choice([1, 1, 2])
        )


def stocked(shop: Shop) -> None:
    """The same thirty products each time, with words."""
    shop.churn(60, random.Random(1))
    shop.follow()
    assert shop.live.words.wait(shop.live.shard.view.offsets.documents, LONG_S)


async def replayed(shop: Shop, folder: Path, bases: bool = True) -> list[Replayed]:
    records, rebuilding = await shop.records(), shop.rebuilding(folder, bases)
    return await asyncio.to_thread(lambda: list(replay(records, rebuilding)))


async def test_answers_are_made_again_byte_for_byte(shop: Shop, tmp_path: Path) -> None:
    await busy(shop, 20)
    made = await replayed(shop, tmp_path / "again")
    assert [(one.why, one.differences[:1]) for one in made if one.verdict != "equal"] == [] and len(made) == 20
    assert shop.live.shard.structure.figures.merges > 3


async def test_what_a_doubtful_query_may_mean_is_made_again(shop: Shop, tmp_path: Path) -> None:
    stocked(shop)
    await shop.search("greun lamp")
    [record] = await shop.records()
    assert record.inputs is not None and record.inputs.heard is not None
    assert {sense.text for sense in record.inputs.heard.senses} == {"greun lamp", "green lamp"}
    [made] = await replayed(shop, tmp_path / "again")
    assert (made.verdict, *made.differences) == ("equal",)


async def test_what_was_judged_by_the_rest_of_the_query_is_made_again(shop: Shop, tmp_path: Path) -> None:
    stocked(shop)
    shop.tier.wiring.spelling.give(["lamp"])
    await shop.search("greun lamp")
    shop.tier.wiring.spelling.close()
    [record] = await shop.records()
    assert record.inputs is not None and (heard := record.inputs.heard) is not None
    assert heard.corrected and all(one.text.endswith(" lamp") for one in heard.vectors), "words are not in the record"
    [made] = await replayed(shop, tmp_path / "again")
    assert (made.verdict, *made.differences) == ("equal",)


async def test_what_was_read_of_a_query_that_was_put_right_is_made_again(shop: Shop, tmp_path: Path) -> None:
    stocked(shop)
    shop.tier.wiring.spelling.give(["lamp"])
    told = CatalogueValues(brands=[Named(value="Lumen", products=9)])
    shop.tier.wiring.vocabulary.now = learned([told])
    await shop.search("lumne")
    shop.tier.wiring.spelling.close()
    [record] = await shop.records()
    assert record.inputs is not None and (heard := record.inputs.heard) is not None and heard.put_right is not None
    assert [one.wanted for one in (heard.understood, heard.put_right)] == [[], [Filters(brand=["Lumen"])]]
    [made] = await replayed(shop, tmp_path / "again")
    assert (made.verdict, *made.differences) == ("equal",)


async def one_of(shop: Shop) -> Served:
    """The last answer by words and meaning of a busy day."""
    await busy(shop, 4)
    assert shop.live.words.wait(shop.live.shard.view.offsets.documents, LONG_S)
    await shop.search("red lamp", facets=["brand"])
    return (await shop.records())[-1]


async def first_difference(record: Served, rebuilding: Rebuilding, instead: WhatIf = AS_IT_WAS) -> str:
    (made,) = await asyncio.to_thread(lambda: list(replay([record], rebuilding, instead)))
    return made.differences[0].at if made.differences else made.verdict


def altered(record: Served, **fields: Any) -> Served:
    """What the search heard is another thing now in the record."""
    assert record.inputs is not None and record.inputs.heard is not None
    heard = record.inputs.heard.model_copy(update=fields)
    return record.model_copy(update={"inputs": record.inputs.model_copy(update={"heard": heard})})


class Tampered:
    """The log with another value at one place."""

    def __init__(self, log: FakeReader, topic: str, offset: int) -> None:
        self._log, self._topic, self._offset = log, topic, offset

    def begin_end(self, topic: str, partition: int) -> tuple[int, int]:
        return self._log.begin_end(topic, partition)

    def offset_at(self, topic: str, partition: int, time_ms: int) -> int:
        return self._log.offset_at(topic, partition, time_ms)

    def read(self, topic: str, *args: Any, **more: Any) -> Iterator[list[LogRecord]]:
        for batch in self._log.read(topic, *args, **more):
            yield [self._other(one) if (topic, one.offset) == (self._topic, self._offset) else one for one in batch]

    def _other(self, one: LogRecord) -> LogRecord:
        sku = (one.key or b"").decode()
        value = document(sku, 9_999, seed=3) if self._topic == "documents" else offer(sku, 9_999, price=0.5)
        return one._replace(value=value.encode())


async def test_planted_differences_are_each_named_first(shop: Shop, tmp_path: Path) -> None:
    record = await one_of(shop)
    assert record.inputs is not None and record.inputs.heard is not None
    heard, log, paths = record.inputs.heard, shop.log, (tmp_path / str(number) for number in itertools.count())
    assert await first_difference(record, shop.rebuilding(next(paths))) == "equal"
    other = heard.vectors[0].model_copy(update={"fp16": b64(unit(99))})
    assert await first_difference(altered(record, vectors=[other]), shop.rebuilding(next(paths))) == "query vector"
    rules = {**heard.settings, "rank_stock": 0.9}
    assert await first_difference(altered(record, settings=rules), shop.rebuilding(next(paths))) == "settings"
    for what in (what_if(["rank_price=0.5"]), what_if(["mmr_lambda=0.5"])):
        first = await first_difference(record, shop.rebuilding(next(paths)), what)
        assert first == ("asked" if what.asked else "settings")
    assert await first_difference(record, shop.rebuilding(next(paths)), what_if(["ef=1"])) == "ef"
    for topic, end in zip(("documents", "offers"), shop.live.shard.view.offsets, strict=True):
        tampered = partial(Tampered, log, topic, end - 1)
        first = await first_difference(record, shop.rebuilding(next(paths), bases=False, open_log=tampered))
        assert first == f"{topic} of partition 0"


@pytest.mark.parametrize("late", ["words", "encode", "hits"])
async def test_what_was_late_then_is_late_again(shop: Shop, tmp_path: Path, late: str) -> None:
    stocked(shop)
    shards: Any = shop.wiring.shards
    shards.late = {late}
    shop.tier.encoding.error = Unavailable("away") if late == "encode" else None
    await shop.search("red lamp", facets=["brand"], limit=1, page=4, mmr_lambda=0)
    shards.late, shop.tier.encoding.error = set(), None
    last = (await replayed(shop, tmp_path / "again"))[-1]
    named = {"words": ["words-0"], "encode": ["encode"], "hits": ["hits-0"]}[late]
    assert (last.record.degraded, last.verdict, last.differences) == (named, "equal", ())


async def test_time_that_is_over_at_any_point_is_over_again(shop: Shop, tmp_path: Path) -> None:
    """Whenever the clock is looked at, a second has gone: each search gets one step further than the last one."""
    stocked(shop)
    for seconds in range(40):
        ticking, brand = partial(next, itertools.count()), {"brand": ["Lumen"]}
        with suppress(Refusal):  # no shard was asked in time: there is no answer to make again
            await shop.search("violet something", ticking, seconds + 0.5, limit=3, filters=brand)
    made = await replayed(shop, tmp_path / "again")
    assert [(one.why, one.differences[:1]) for one in made if one.verdict != "equal"] == []
    heard = [one.record.inputs.heard for one in made if one.record.inputs and one.record.inputs.heard]
    assert {step for one in heard for step in one.cut} == {"drop", "relax", "meaning"}


async def test_a_step_of_the_ladder_that_was_cut_off_finds_nothing_again(shop: Shop, tmp_path: Path) -> None:
    stocked(shop)
    await shop.search("red lamp", filters={"brand": ["Nobody"]})
    [record] = await shop.records()
    assert record.fallback is not None and record.skus and record.inputs and record.inputs.heard
    cut = altered(record, cut=record.inputs.heard.steps)
    made, other = await asyncio.to_thread(lambda: list(replay([record, cut], shop.rebuilding(tmp_path / "again"))))
    assert (made.verdict, other.differences[0].at) == ("equal", "cut")
    assert other.made is not None and other.made.hits == []


async def test_what_would_have_been_is_what_the_shop_answers(shop: Shop, tmp_path: Path) -> None:
    ways: list[dict[str, Any]] = [{"page": 4, "mmr_lambda": 0.0}, {"limit": 50, "page": 3}, {"ranker": "none"}]
    stocked(shop)
    for asked in ({}, *ways):
        await shop.search("red lamp", **{"limit": 1, "facets": ["brand"], **asked})
    first, *others = await shop.records()
    for number, (asked, other) in enumerate(zip(ways, others, strict=True)):
        instead, rebuilding = what_if([f"{name}={value}" for name, value in asked.items()]), shop.rebuilding
        (made,) = await asyncio.to_thread(
            lambda: list(replay([first], rebuilding(tmp_path / str(number)), instead))  # noqa: B023  awaited at once
        )
        assert made.made is not None and other.inputs is not None
        assert (made.made.shown, made.made.degraded) == (other.inputs.shown, [])


async def test_another_lineage_is_named(shop: Shop, tmp_path: Path) -> None:
    record = await one_of(shop)
    other = LiveShard(tmp_path / "other", shop.log, "second")
    other.follow(9, 9)
    other.snapshot()
    other.words.close()
    shop.log.begins |= {("documents", 0): 1, ("offers", 0): 1}
    rebuilding = shop.rebuilding(tmp_path / "again", bases=False)
    assert await first_difference(record, rebuilding) == "not replayable"
    rebuilding = replace(rebuilding, bases=list(in_folders(tmp_path / "other", 1, CLUSTER)))
    assert await first_difference(record, rebuilding) == "lineage of partition 0"


async def test_what_is_too_old_says_from_when_on_it_can_be_replayed(shop: Shop, tmp_path: Path) -> None:
    await busy(shop, 3)
    assert shop.live.words.wait(shop.live.shard.view.offsets.documents, LONG_S)
    shop.live.snapshot()
    await shop.search("red lamp")
    shop.log.begins |= {("documents", 0): 1, ("offers", 0): 1}
    first, *_, last = await replayed(shop, tmp_path / "again")
    assert (first.verdict, last.verdict) == ("not replayable", "equal")
    assert "what there is begins at documents" in first.why


async def test_an_answer_logged_without_inputs_says_why(shop: Shop, tmp_path: Path) -> None:
    shop.wiring.served._full_share = 0.0
    stocked(shop)
    await shop.search("red lamp")
    (compact,) = await replayed(shop, tmp_path / "again")
    assert (compact.record.kind, compact.verdict) == ("compact", "not replayable")
    assert "FRESHET_SERVED_FULL_SHARE" in compact.why


async def test_where_a_product_stood(shop: Shop, tmp_path: Path) -> None:
    record = await one_of(shop)
    rebuilding = shop.rebuilding(tmp_path / "again")
    (made,) = await asyncio.to_thread(lambda: list(replay([record], rebuilding, sku=record.skus[1])))
    assert made.made is not None and made.made.sku is not None
    assert (made.made.sku["stage"], made.made.sku["rank"]) == ("shown", 2)


async def test_a_shard_is_rebuilt_with_the_digests_that_the_live_one_announced(shop: Shop, tmp_path: Path) -> None:
    await busy(shop, 22)
    kept, end = shop.live.checkpoints.kept, shop.live.shard.view.offsets
    with ExitStack() as closing:
        rebuilding = shop.rebuilding(tmp_path / "again", bases=False)
        rebuilt = rebuilding.open(Shard(0, "first", SHOWN), end, closing)
        rebuilt.extend(end)
        for documents in range(1, end.documents, 20):
            rebuilt.advance(Offsets(documents, rebuilt.offsets.offers))
        assert rebuilt.advance(end).digest_documents == shop.live.shard.view.digest_documents
        assert rebuilt.checkpoints == kept and len(kept.documents) == CHECKPOINTS_KEPT
        assert rebuilt.structure_digest == shop.live.shard.structure.structure_digest()


async def test_what_changed_between_two_moments_is_what_their_views_show(shop: Shop, tmp_path: Path) -> None:
    stocked(shop)
    before = shop.live.shard.view
    shop.churn(20, random.Random(2))
    shop.follow()
    after = shop.live.shard.view
    with ExitStack() as closing:
        rebuilding = shop.rebuilding(tmp_path / "again")
        rebuilt = rebuilding.open(Shard(0, "first", SHOWN), before.offsets, closing)
        rebuilt.extend(after.offsets)
        views = rebuilt.advance(before.offsets), rebuilt.advance(after.offsets)
        skus = touched(shop.log, rebuilding.place.names, 0, before.offsets, after.offsets)
        found = list(changes(*views, skus))
    every = [f"sku-{number}" for number in range(60)]
    assert found == list(changes(before, after, sorted(every))) and set(skus) < set(every)
    shown = [{sku for sku in every if view.lookup(sku).hit} for view in (before, after)]
    assert {one.sku for one in found if one.kind == "appeared"} == shown[1] - shown[0] != set()
    assert {one.sku for one in found if one.kind == "gone"} == shown[0] - shown[1] != set()
    assert {"content.title", "offer.price"} < counted(found)["fields"].keys()
    assert [*changes(before, before, every)] == []


def test_ways_rise_in_both_topics() -> None:
    stops = [Stop(Offsets(5, 9)), Stop(Offsets(6, 7)), Stop(Offsets(7, 9)), Stop(Offsets(5, 9), 3)]
    found = ways(stops)
    assert [[stop.offsets for stop in way] for way in found] == [[(5, 9), (5, 9), (7, 9)], [(6, 7)]]
    assert first_of(found[0]) == Offsets(3, 9)


async def made_with(shop: Shop, record: Served, folder: Path, *given: str) -> Replayed:
    instead = what_if(given)
    (made,) = await asyncio.to_thread(lambda: list(replay([record], shop.rebuilding(folder), instead)))
    return made


def added(shop: Shop, first: int, last: int) -> None:
    """Products that never change: the rarity of a word is the same in each index of them, however it was merged."""
    for number in range(first, last):
        colour, thing = COLOURS[number % 3], THINGS[number % 4]
        of = content(f"{colour} {thing}", "Lumen", ["Home"], {"colour": colour})
        sku = f"sku-{number}"
        shop.send(document(sku, number + 1, seed=number, of=of), offer(sku, number + 1, price=5.0 + number))
    shop.follow()
    assert shop.live.words.wait(shop.live.shard.view.offsets.documents, LONG_S)


async def test_at_another_moment_it_is_what_the_shop_answered_then(shop: Shop, tmp_path: Path) -> None:
    """Before and after; what was late then is late at any moment."""
    added(shop, 0, 20)
    shards: Any = shop.wiring.shards
    await shop.search("red lamp", facets=["brand"])
    shop.live.snapshot()
    added(shop, 20, 40)
    await shop.search("red lamp", facets=["brand"])
    shards.late = {"words"}
    await shop.search("red lamp", facets=["brand"])
    first, last, late = await shop.records()
    assert first.skus != last.skus
    for number, (asked, other) in enumerate(((first, last), (last, first))):
        assert other.inputs is not None and other.inputs.heard is not None
        (one,) = filter(None, other.inputs.heard.shards["0"])
        at = f"at={one.state.documents_offset},{one.state.offers_offset}"
        made = await made_with(shop, asked, tmp_path / str(number), at)
        assert made.made is not None and other.inputs.shown is not None
        assert (made.made.shown, made.made.degraded) == (other.inputs.shown, [])
        assert [one.at.split(" ")[0] for one in made.differences[:2]] == ["at", "near"]
    made = await made_with(shop, late, tmp_path / "late", "at=9")
    assert made.made is not None and made.made.degraded == ["words-0"]


async def test_a_moment_that_is_not_is_refused(shop: Shop, tmp_path: Path) -> None:
    stocked(shop)
    await shop.search("red lamp")
    [record] = await shop.records()
    with pytest.raises(InvalidRequest, match="end at"):
        await made_with(shop, record, tmp_path / "1", "at=999999")
    assert record.inputs is not None and record.inputs.heard is not None
    shards = record.inputs.heard.shards
    with pytest.raises(InvalidRequest, match="made from 2"):
        await made_with(shop, altered(record, shards={**shards, "1": shards["0"]}), tmp_path / "2", "at=9")
    shop.log.begins |= {("documents", 0): 1, ("offers", 0): 1}
    made = await made_with(shop, record, tmp_path / "3", "at=9,0")
    assert made.verdict == "not replayable" and "cannot be rebuilt" in made.why


async def test_with_other_synonyms_it_is_what_the_shop_answers_with_them(shop: Shop, tmp_path: Path) -> None:
    added(shop, 0, 40)
    (tmp_path / "ours.txt").write_text("lamp, mug\nred => green\n")
    await shop.search("red lamp", mode="words")
    shop.wiring.synonyms.use(read_synonyms((tmp_path / "ours.txt").read_bytes(), "ours.txt"))
    await shop.search("red lamp", mode="words")
    first, last = await shop.records()
    assert first.inputs is not None and last.inputs is not None and first.skus != last.skus
    for asked, rules, other in ((first, f"{tmp_path}/ours.txt", last), (last, "none", first)):
        made = await made_with(shop, asked, tmp_path / rules.rpartition("/")[2].partition(".")[0], f"rules={rules}")
        assert made.made is not None and other.inputs is not None
        assert (made.made.shown, made.differences[0].at) == (other.inputs.shown, "rules")


async def test_without_rules_a_query_is_what_was_typed(shop: Shop, tmp_path: Path) -> None:
    added(shop, 0, 40)
    none: dict[str, Any] = {"understand": [], "typos": False}
    for more in ({}, none):
        await shop.search("lamp under 20", **{"mode": "words", "fallback": [], **more})
    first, last = await shop.records()
    made = await made_with(shop, first, tmp_path / "again", "rules=none")
    assert made.made is not None and last.inputs is not None and first.skus != last.skus
    assert made.made.shown == last.inputs.shown


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("ef=0", "from 1 to 10,000"),
        ("ef=10001", "from 1 to 10,000"),
        ("ef=x", "from 1 to 10,000"),
        ("facets=[]", "facets cannot be set"),
        ("nothing=1", "'nothing' is nothing"),
        ("limit", "not name=value"),
        ("rank_stock=9", "less than or equal"),
        ("at=yesterday", "neither an offset nor a time"),
        ("rules=/nowhere", "No such file"),
    ],
)
async def test_what_cannot_be_set_is_refused(shop: Shop, wrong: str, says: str) -> None:
    await shop.search("lamp")
    [record] = await shop.records()
    assert record.inputs is not None and record.inputs.heard is not None
    with pytest.raises((InvalidRequest, SettingsError), match=says):
        what_if([wrong]).change(record.inputs.heard)
    assert what_if(["ef=1", "limit=3"]).change(record.inputs.heard).asked.limit == 3


def test_all_that_can_be_set_is_documented() -> None:
    told = documented("docs/replay.md").partition("## What if")[2].partition("\n## ")[0]
    assert [name for name in NAMES if f"`{name}`" not in told and f"`{name}=" not in told] == []


def documented(name: str) -> str:
    return (Path(__file__).parents[3] / name).read_text(encoding="utf-8")
