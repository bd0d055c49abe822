"""What two snapshots have in common."""

from pathlib import Path

import pytest

from index_snapshots.compare import Rows, Shared, compare, read_part
from index_snapshots.manifest import SnapshotDamaged
from tests.unit.index_snapshots.storing import flip, two_snapshots


def test_files_bytes_products_and_offers(tmp_path: Path) -> None:
    first, second = two_snapshots(tmp_path)
    found = compare(first, second, read_part(tmp_path))
    assert found.products == Rows(same=22, changed=1, only_first=1, only_second=1)
    assert found.offers == Rows(same=1, changed=1, only_first=0, only_second=1)
    names = [{file.name for file in one.files.values()} for one in (first, second)]
    assert found.files == Shared(len(names[0] & names[1]), len(names[0] - names[1]), len(names[1] - names[0]))
    on_disk = {path.name: path.stat().st_size for path in tmp_path.iterdir()}
    assert found.bytes.both == sum(on_disk[name] for name in names[0] & names[1])
    assert found.bytes.only_second == sum(on_disk[name] for name in names[1] - names[0])
    shared = {part.part: part.shared for part in found.parts}
    assert (shared["bodies-0"], shared["states"]) == (True, False)


def test_with_itself_all_is_the_same(tmp_path: Path) -> None:
    first, _ = two_snapshots(tmp_path)
    found = compare(first, first, read_part(tmp_path))
    assert found.products == Rows(24, 0, 0, 0) and found.offers == Rows(2, 0, 0, 0)
    assert found.bytes.only_first == found.bytes.only_second == 0 and all(part.shared for part in found.parts)


def test_damage_in_what_is_read_is_named(tmp_path: Path) -> None:
    first, second = two_snapshots(tmp_path)
    flip(tmp_path / second.files["states"].name)
    with pytest.raises(SnapshotDamaged, match=second.files["states"].name):
        compare(first, second, read_part(tmp_path))
