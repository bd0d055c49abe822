"""What a snapshot holds is the same in pieces as in one."""

import random

import numpy as np
import orjson
import pytest

from index_snapshots.apply import apply
from index_snapshots.stored_state import PIECE, in_order
from tests.unit.index_snapshots.making import content, document, logged, offer, shard
from tests.unit.index_snapshots.storing import changed, filled


@pytest.mark.parametrize("count", [0, 1, 2 * PIECE, 2 * PIECE + 1, 5 * PIECE + 7])
@pytest.mark.parametrize("kind", ["drawn", "ascending", "descending", "same beginning"])
def test_slots_by_their_skus(count: int, kind: str) -> None:
    dice = random.Random(count)
    skus = [f"{dice.getrandbits(60):x}é{at}" for at in range(count)]
    if kind == "same beginning":
        skus = [("a" * 40 if at % 3 else "") + sku for at, sku in enumerate(skus)]
    elif kind != "drawn":
        skus.sort(reverse=kind == "descending")
    slots = np.arange(0, count, 1 if count < 10 else 2, dtype=np.int64)
    rests: list[None] = []
    found = in_order(skus, slots, lambda: rests.append(None))
    assert found.tolist() == sorted(slots.tolist(), key=skus.__getitem__)
    assert len(slots) <= 2 * PIECE or len(rests) >= len(slots) // PIECE


def test_names_in_pieces_are_one_json_object() -> None:
    one = filled()
    changed(one)
    lamps = content(brand="Anker", category=["Home", "Lamps"])
    offsets = one.view.offsets
    apply([*logged("documents", [document("z", 50, of=lamps)], offsets.documents)], one)
    apply([*logged("offers", [offer("z", 50)], offsets.offers)], one)
    stored = one.view.stored()
    assert b"".join(stored.names_json()) == orjson.dumps(stored.names())
    assert stored.names()["brand"] == ["Anker"]


def test_an_empty_shard_has_empty_lists() -> None:
    names = orjson.loads(b"".join(shard().view.stored().names_json()))
    assert names == {"sku": [], "brand": [], "category": [], "currency": []}
