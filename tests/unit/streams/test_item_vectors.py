"""Vectors of products: asked of the owning shard once in a while, remembered within limits."""

import asyncio
import base64
from typing import Any

import pytest

from schemas.errors import Unavailable
from schemas.hits import ShardState
from schemas.limits import VECTOR_SKUS_MAX
from schemas.metrics import Metrics
from schemas.shard_messages import VectorsAnswer
from streams.item_vectors import ABSENT_KEPT_S, KEPT_S, ItemMemory
from streams.partitioner import partition_of

STATE = ShardState(partition=0, replica=0, lineage="l", documents_offset=0, offers_offset=0)


class Shards:
    """Knows every SKU that does not begin with `no`."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, list[str]]] = []
        self.encoders = ["fake", "fake"]
        self.error: Exception | None = None

    async def ask(self, partition: int, skus: list[str], timeout_s: float) -> VectorsAnswer:
        self.asked.append((partition, skus))
        await asyncio.sleep(0)
        if self.error:
            raise self.error
        vectors = {sku: base64.b64encode(sku.encode()).decode() for sku in skus if not sku.startswith("no")}
        return VectorsAnswer(encoder=self.encoders[partition], vectors=vectors, state=STATE)


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def memory(shards: Shards, clock: Clock, **more: Any) -> ItemMemory:
    return ItemMemory(shards.ask, 2, Metrics(), clock, **more)


async def test_the_owning_shard_is_asked_and_once() -> None:
    shards, clock = Shards(), Clock()
    kept = memory(shards, clock)
    skus = [f"sku-{number}" for number in range(10)]
    found = await kept.of([*skus, *skus], 1.0)
    assert found.encoder == "fake" and found.vectors == {sku: sku.encode() for sku in skus} and found.age_s == 0
    assert sorted(sku for _, part in shards.asked for sku in part) == skus
    assert all(partition_of(sku.encode(), 2) == partition for partition, part in shards.asked for sku in part)
    clock.now_s += KEPT_S - 0.5
    assert (await kept.of(skus, 1.0)).age_s == KEPT_S - 0.5 and len(shards.asked) == 2


@pytest.mark.parametrize(("sku", "kept_s"), [("a", KEPT_S), ("no", ABSENT_KEPT_S)])
async def test_it_is_asked_again_after_its_time(sku: str, kept_s: float) -> None:
    shards, clock = Shards(), Clock()
    kept = memory(shards, clock)
    await kept.of([sku], 1.0)
    clock.now_s += kept_s - 0.001
    await kept.of([sku], 1.0)
    assert len(shards.asked) == 1
    clock.now_s += 0.001
    await kept.of([sku], 1.0)
    assert len(shards.asked) == 2


async def test_what_is_not_there_is_left_out() -> None:
    found = await memory(Shards(), Clock()).of(["a", "nothing"], 1.0)
    assert found.vectors == {"a": b"a"}
    assert (await memory(Shards(), Clock()).of(["nothing"], 1.0)).vectors == {}


@pytest.mark.parametrize(("more", "asked_again"), [(0, False), (1, True)])
async def test_the_memory_is_bounded_and_forgets_what_was_used_longest_ago(more: int, asked_again: bool) -> None:
    shards = Shards()
    kept = memory(shards, Clock(), items_max=3)
    for number in range(3 + more):
        await kept.of([f"sku-{number}"], 1.0)
    asked = len(shards.asked)
    await kept.of(["sku-0"], 1.0)
    assert (len(shards.asked) > asked) is asked_again


@pytest.mark.parametrize(("count", "questions"), [(VECTOR_SKUS_MAX, 1), (VECTOR_SKUS_MAX + 1, 2)])
async def test_a_question_holds_so_many_products(count: int, questions: int) -> None:
    shards = Shards()
    one_partition = ItemMemory(shards.ask, 1, Metrics(), Clock())
    await one_partition.of([f"sku-{number}" for number in range(count)], 1.0)
    assert len(shards.asked) == questions


async def test_a_shard_that_is_away_is_an_error_and_nothing_is_left_running() -> None:
    shards = Shards()
    shards.error = Unavailable("away")
    with pytest.raises(Unavailable):
        await memory(shards, Clock()).of([f"sku-{number}" for number in range(10)], 1.0)
    assert len(asyncio.all_tasks()) == 1 and len(shards.asked) == 2


async def test_vectors_of_different_encoders_never_meet() -> None:
    shards = Shards()
    shards.encoders = ["fake", "other"]
    with pytest.raises(Unavailable, match="other"):
        await memory(shards, Clock()).of([f"sku-{number}" for number in range(10)], 1.0)
