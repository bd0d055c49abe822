"""Which slot each product had: written beside the words of a snapshot, and read back."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index_snapshots import stored_slots
from index_snapshots.folder import Steps, store
from index_snapshots.manifest import Manifest
from index_snapshots.snapshot import write
from index_snapshots.stored_slots import packed_slots, states_by_slot
from tests.unit.index_snapshots.making import ORIGIN, shard


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Manifest]:
    folder = tmp_path_factory.mktemp("slots")
    return folder, write(shard().view, folder, ORIGIN, 1, 0)


def holding(empty: tuple[Path, Manifest], slots: list[int]) -> tuple[Path, Manifest]:
    folder, manifest = empty
    file = store(folder, "slots", packed_slots(np.array(slots, dtype=np.int64)), Steps(lambda number: None))
    return folder, manifest.model_copy(update={"files": manifest.files | {stored_slots.PART: file}})


@given(st.lists(st.integers(0, 40), unique=True, max_size=30))
def test_who_can_stays_and_the_last_ones_fill_the_gaps(empty: tuple[Path, Manifest], slots: list[int]) -> None:
    found = states_by_slot(*holding(empty, slots), len(slots))
    assert found is not None and sorted(found.tolist()) == list(range(len(slots)))
    inside = {slot: at for at, slot in enumerate(slots) if slot < len(slots)}
    assert {slot: found[slot] for slot in inside} == inside
    moved = [slots[at] for slot, at in enumerate(found.tolist()) if slot not in inside]
    assert moved == sorted(moved)


@pytest.mark.parametrize(("slots", "count"), [([0, 1], 3), ([0, 1, 1], 3), ([0, 1, 2], 2), ([2, 1, -1], 3)])
def test_what_does_not_fit_is_damage(empty: tuple[Path, Manifest], slots: list[int], count: int) -> None:
    with pytest.raises(ValueError, match=f"{count} states, {len(slots)} slots"):
        states_by_slot(*holding(empty, slots), count)


def test_a_snapshot_without_words_says_nothing(empty: tuple[Path, Manifest]) -> None:
    folder, manifest = empty
    assert stored_slots.PART not in manifest.files and states_by_slot(folder, manifest, 0) is None
