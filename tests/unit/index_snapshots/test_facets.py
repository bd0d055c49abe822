"""Declared attributes in chunks of pairs: what the newest document says, if it can be compared."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index_snapshots.columns import CHUNK_ROWS
from index_snapshots.facets import Facets, FrozenFacets
from schemas.limits import FACET_TEXT_CHARS_MAX
from tests.unit.index_snapshots.drawing import COLOURS, WATTS
from tests.unit.index_snapshots.making import FACETS

SLOTS = 2 * CHUNK_ROWS + 2
EDGES = (0, 1, CHUNK_ROWS - 1, CHUNK_ROWS, 2 * CHUNK_ROWS - 1, 2 * CHUNK_ROWS, SLOTS - 1)


def held(frozen: FrozenFacets, name: str) -> dict[int, list[Any]]:
    """What each slot has, in words."""
    facet = frozen[name]
    words = {code: value for value, code in facet.codes.items()}
    found: dict[int, list[Any]] = {}
    for at, pairs in enumerate(facet.chunks):
        assert pairs.positions.dtype == np.uint16
        assert pairs.values.dtype == (np.int32 if facet.kind == "value" else np.float64)
        both = list(zip(pairs.positions.tolist(), pairs.values.tolist(), strict=True))
        assert both == sorted(set(both)), "ascending, each once"
        for position, value in both:
            found.setdefault(at * CHUNK_ROWS + position, []).append(words[value] if facet.kind == "value" else value)
    return found


def told(attributes: Iterable[tuple[int, dict[str, Any]]], name: str) -> dict[int, set[Any]]:
    return {slot: set(said[name]) for slot, said in dict(attributes).items() if said.get(name)}


puts = st.lists(
    st.tuples(
        st.sampled_from(EDGES),
        st.fixed_dictionaries(
            {
                "colour": st.lists(st.sampled_from(COLOURS), max_size=3),
                "watts": st.lists(st.sampled_from(WATTS).map(float), max_size=3),
            }
        ),
    ),
    max_size=12,
)


@given(batches=st.lists(puts, max_size=4))
def test_each_slot_has_what_was_said_last_and_old_views_stay(batches: list[Any]) -> None:
    facets, done, seen = Facets(FACETS), list[Any](), list[Any]()
    for batch in batches:
        for slot, attributes in batch:
            facets.put(slot, attributes)
        done += batch
        frozen = facets.freeze(SLOTS)
        seen.append((frozen, {name: told(done, name) for name in FACETS}))
    for frozen, expected in seen:
        for name in FACETS:
            assert [len(facet.chunks) for facet in frozen.values()] == [3, 3]
            assert {slot: set(values) for slot, values in held(frozen, name).items()} == expected[name]


def test_what_cannot_be_compared_is_left_out() -> None:
    facets = Facets(FACETS)
    values = ["x" * FACET_TEXT_CHARS_MAX, "x" * (FACET_TEXT_CHARS_MAX + 1), 7, None, ["red", 7, None], {"a": 1}, True]
    numbers = [1, float("nan"), float("inf"), 10**400, "7", True, [2.5, float("-inf"), "x", 3, 3.0], -(2**63)]
    for slot, value in enumerate(values):
        facets.put(slot, {"colour": value})
    for slot, value in enumerate(numbers, 100):
        facets.put(slot, {"watts": value})
    frozen = facets.freeze(200)
    assert held(frozen, "colour") == {0: ["x" * FACET_TEXT_CHARS_MAX], 4: ["red"], 6: [True]}
    assert held(frozen, "watts") == {100: [1.0], 106: [2.5, 3.0], 107: [-(2.0**63)]}


def test_what_is_said_again_leaves_the_chunk_as_it_is() -> None:
    facets = Facets(FACETS)
    facets.put(0, {"colour": ["red", "blue"], "watts": 7})
    facets.put(CHUNK_ROWS, {"colour": "red"})
    before = facets.freeze(SLOTS)
    facets.put(0, {"colour": ["blue", "red"], "watts": [7.0, 7], "material": "oak"})
    assert facets.freeze(SLOTS) is before
    facets.put(CHUNK_ROWS, {"colour": "blue"})
    after = facets.freeze(SLOTS)
    assert after["colour"].chunks[0] is before["colour"].chunks[0]
    assert after["colour"].chunks[1] is not before["colour"].chunks[1]
    assert after["watts"].chunks[1] is before["watts"].chunks[1]


def test_a_delete_takes_all_away() -> None:
    facets = Facets(FACETS)
    facets.put(5, {"colour": ["red", "blue"], "watts": 7})
    facets.freeze(10)
    facets.put(5, None)
    frozen = facets.freeze(10)
    assert held(frozen, "colour") == held(frozen, "watts") == {}


@pytest.mark.parametrize(("name", "values", "bytes_per_row"), [("colour", ["red"], 6), ("watts", [7.5], 10)])
def test_bytes_per_value(name: str, values: list[Any], bytes_per_row: int) -> None:
    facets = Facets(FACETS)
    for slot in range(SLOTS):
        facets.put(slot, {name: values[slot % len(values)]})
    frozen = facets.freeze(SLOTS)
    assert sum(pairs.nbytes for pairs in frozen[name].chunks) == bytes_per_row * SLOTS
    assert all(pairs.gapless for pairs in frozen[name].chunks)
    facets.put(3, None)
    assert not facets.freeze(SLOTS)[name].chunks[0].gapless


def test_bodies_give_them_back() -> None:
    facets = Facets(FACETS)
    facets.restore(0, orjson.dumps({"title": "Lamp", "attributes": {"colour": "red", "watts": 7}}))
    facets.restore(1, orjson.dumps({"title": "Lamp"}))
    frozen = facets.freeze(2)
    assert held(frozen, "colour") == {0: ["red"]} and held(frozen, "watts") == {0: [7.0]}


def test_nothing_is_declared() -> None:
    facets = Facets({})
    facets.put(0, {"colour": "red"})
    assert facets.freeze(1) == {}
