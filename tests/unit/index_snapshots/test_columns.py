"""Columns and bodies are copied where they are written, and shared where they are not."""

import numpy as np
import pytest

from index_snapshots.bodies import FAN_OUT, Bodies
from index_snapshots.columns import CHUNK_ROWS, FEW_SHARE, NO_ROW, Column, Columns, FrozenColumns


def two_chunks() -> Columns:
    columns = Columns()
    for slot in range(CHUNK_ROWS + 1):
        columns.put("stock", columns.add(), slot)
    return columns


def test_a_column_that_did_not_change_is_the_same_tuple() -> None:
    """A view costs what was changed: whoever compares two views sees at a glance what is equal."""
    columns = two_chunks()
    before = columns.freeze()
    columns.put("row", CHUNK_ROWS, 7)
    columns.put("stock", 3, 3)  # what it was already
    after = columns.freeze()
    assert after.chunks["stock"] is before.chunks["stock"]
    assert after.chunks["row"] is not before.chunks["row"]
    assert after.chunks["row"][0] is before.chunks["row"][0]
    assert (before.get("row", CHUNK_ROWS), after.get("row", CHUNK_ROWS)) == (NO_ROW, 7)


def test_a_frozen_copy_never_changes() -> None:
    columns = two_chunks()
    frozen = [columns.freeze()]
    for value in (10, 20, 30):
        columns.put("stock", 0, value)
        columns.put("stock", 0, value + 1)  # a second write to the same own chunk
        frozen.append(columns.freeze())
    assert [one.get("stock", 0) for one in frozen] == [0, 11, 21, 31]
    assert [one.whole("stock")[0] for one in frozen] == [0, 11, 21, 31]


@pytest.mark.parametrize("slots", [CHUNK_ROWS - 1, CHUNK_ROWS, CHUNK_ROWS + 1])
def test_a_copy_ends_where_the_slots_did(slots: int) -> None:
    columns = Columns()
    for _ in range(slots):
        columns.add()
    before = columns.freeze()
    columns.put("stock", columns.add(), 5)
    assert (before.slots, len(before.whole("stock"))) == (slots, slots)
    assert columns.freeze().get("stock", slots) == 5


def test_values_of_few_slots_are_read_one_by_one_until_they_are_many() -> None:
    joined = []

    class Watched(FrozenColumns):
        def whole(self, name: str) -> Column:
            joined.append(name)
            return super().whole(name)

    frozen = two_chunks().freeze()
    one, few = Watched(frozen.chunks, frozen.slots), frozen.slots // FEW_SHARE
    slots = np.array([CHUNK_ROWS, *range(few - 1)])
    assert one.at("stock", slots).tolist() == slots.tolist() and joined == []
    assert one.at("stock", slots[:1]).tolist() == [CHUNK_ROWS] and joined == ["stock"]  # the first value too many
    assert one.at("row", slots).tolist() == [NO_ROW] * few and joined == ["stock"]  # each column by itself
    assert one.at("stock", slots).tolist() == slots.tolist() and joined == ["stock"] * 2


def test_going_on_from_a_copy_leaves_it_alone() -> None:
    frozen, columns = two_chunks().freeze(), Columns()
    columns.thaw(frozen)
    assert columns.freeze().chunks["stock"] is frozen.chunks["stock"]
    columns.put("stock", 0, 9)
    columns.add()
    assert (frozen.get("stock", 0), columns.freeze().get("stock", 0)) == (0, 9)
    assert (frozen.slots, columns.slots) == (CHUNK_ROWS + 1, CHUNK_ROWS + 2)


def test_bodies_are_shared_where_they_are_not_written() -> None:
    bodies = Bodies()
    bodies.put(0, b"one")
    bodies.put(CHUNK_ROWS, b"two")
    before = bodies.freeze()
    assert bodies.freeze() is before
    bodies.put(0, b"three")
    after = bodies.freeze()
    assert (before[0], after[0], bodies[0], after[CHUNK_ROWS]) == (b"one", b"three", b"three", b"two")
    assert after.branches[1] is before.branches[1]


def test_a_change_copies_one_path_of_the_bodies() -> None:
    """Its own leaf and the branch above it, and those only once until the next copy is frozen."""
    bodies = Bodies()
    for slot in range(FAN_OUT + 1):
        bodies.put(slot, b"one")
    before = bodies.freeze()
    bodies.put(0, b"two")
    mine = bodies.freeze()
    bodies.put(1, b"three")
    bodies.put(2, b"four")
    after = bodies.freeze()
    assert [frozen[slot] for frozen in (before, mine, after) for slot in (0, 2)] == [
        *(b"one", b"one"),
        *(b"two", b"one"),
        *(b"two", b"four"),
    ]
    assert after.branches[0][1] is before.branches[0][1]
    assert after[FAN_OUT] == b"one"


def test_bodies_go_on_from_a_copy() -> None:
    first = Bodies()
    first.put(0, b"one")
    frozen, bodies = first.freeze(), Bodies()
    bodies.thaw(frozen)
    assert bodies.freeze() is frozen
    bodies.put(0, None)
    assert frozen[0] == b"one"
    with pytest.raises(AssertionError, match="no body"):
        bodies[0]
