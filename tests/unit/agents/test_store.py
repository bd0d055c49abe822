"""The store of `catalog` is a cache: it survives damage, another cluster, a restart; it knows its deletes by age."""

from pathlib import Path

import pytest

from agents.store import Change, SkuStore
from schemas.errors import StateRefused
from schemas.records import ContentRecord, OfferRecord, Order


def deleted(sku: str, time_ms: int) -> list[Change]:
    """What `contents` and `offers` say after a delete."""
    order = Order(1, 1)
    return [
        Change("contents", sku, ContentRecord(sku=sku, order=order, content_hash="").encode(), time_ms),
        Change("offers", sku, OfferRecord(sku=sku, order=order).encode(), time_ms),
    ]


def test_positions_and_skus_survive_a_restart(tmp_path: Path) -> None:
    store = SkuStore(tmp_path / "0.sqlite", "cluster")
    store.apply(deleted("a", 5), {"contents": 3, "offers": 4})
    store.close()
    again = SkuStore(tmp_path / "0.sqlite", "cluster")
    assert (again.position("contents"), again.position("offers"), again.count()) == (3, 4, (0, 1))
    assert again.load("a") is not None and again.load("b") is None
    again.close()


def test_another_identity_starts_empty(tmp_path: Path) -> None:
    store = SkuStore(tmp_path / "0.sqlite", "cluster")
    store.apply(deleted("a", 5), {"contents": 3})
    store.close()
    other = SkuStore(tmp_path / "0.sqlite", "another cluster")
    assert (other.position("contents"), other.load("a"), other.count()) == (0, None, (0, 0))
    other.close()


def test_a_damaged_file_starts_empty(tmp_path: Path) -> None:
    path = tmp_path / "0.sqlite"
    path.write_bytes(b"no database at all" * 1_000)
    store = SkuStore(path, "cluster")
    assert store.position("contents") == 0
    store.apply(deleted("a", 5), {"contents": 3})
    assert store.load("a") is not None
    store.close()


def test_a_damaged_record_stops_the_worker_and_the_next_start_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "0.sqlite"
    store = SkuStore(path, "cluster")
    store.apply([Change("contents", "a", b"{no record", 5)], {"contents": 3})
    with pytest.raises(StateRefused, match="rebuilt from the log"):
        store.load("a")
    assert not path.exists()
    again = SkuStore(path, "cluster")
    assert again.position("contents") == 0
    again.close()


def test_the_oldest_deletes_come_first_and_no_more_than_asked(tmp_path: Path) -> None:
    store = SkuStore(tmp_path / "0.sqlite", "cluster")
    for sku, time_ms in (("new", 30), ("old", 10), ("b", 20), ("a", 20)):
        store.apply(deleted(sku, time_ms), {})
    assert store.deleted_before(30, 9) == ["old", "a", "b"]
    assert store.deleted_before(30, 2) == ["old", "a"]
    assert store.deleted_before(10, 9) == []
    store.apply([Change(base, "old", None, 0) for base in ("contents", "offers")], {})
    assert (store.deleted_before(30, 9), store.count(), store.load("old")) == (["a", "b"], (0, 3), None)
    store.close()
