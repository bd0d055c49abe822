"""The rows of a shard through seals and merges: every living row stays what it was, and nothing is left behind."""

import gc
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from index_snapshots.builder import BuilderHere
from index_snapshots.codes import code_bytes
from index_snapshots.pacing import Pacing
from index_snapshots.vectors import Vectors
from tests.unit.index_snapshots.clustered import clustered

DIM = 24
HEAD_ROWS = 64
PACING = Pacing(head_rows=HEAD_ROWS, rows_per_s_max=500)
NO_ROWS = np.empty(0, dtype=np.int64)


class Products:
    """SKUs by number, each with its newest vector, and the rows that the shard keeps of them."""

    def __init__(self, folder: Path) -> None:
        self.vectors = Vectors(DIM, folder, BuilderHere(), PACING, None, NO_ROWS)
        self.newest: dict[int, tuple[int, bytes]] = {}
        self._drawn = iter(clustered(20_000, DIM))
        self._time_ms = 0

    def put(self, sku: int) -> None:
        self.delete(sku)
        vector = next(self._drawn)
        self._time_ms += 2
        row = self.vectors.append(sku, f"sku-{sku}", vector, code_bytes(vector), self._time_ms)
        self.vectors.show(row, True)
        self.newest[sku] = (row, vector.astype("<f2").tobytes())

    def delete(self, sku: int) -> None:
        if sku in self.newest:
            self.vectors.bury(self.newest.pop(sku)[0])

    def agree(self) -> None:
        """The writer and a view of it hold exactly the living rows, each with its vector."""
        view = self.vectors.freeze()
        for row, vector in self.newest.values():
            assert self.vectors.half(row) == view.half(row) == vector
        live = sum(part.shown for part in view.parts)
        assert live == len(self.newest)
        near = view.near(query(), len(self.newest) or 1, None, live, scan=True)
        assert sorted(near.slots.tolist()) == sorted(self.newest)
        counted = [part.store.rows[: part.count] for part in view.parts]
        rows = np.concatenate(counted) if counted else NO_ROWS
        assert (np.diff(rows) > 0).all()


def query() -> npt.NDArray[np.float64]:
    return np.asarray(clustered(1, DIM, seed=7)[0], dtype=np.float64)


@pytest.fixture
def products(tmp_path: Path) -> Products:
    return Products(tmp_path / "segments")


def segments(products: Products) -> list[int]:
    return [part.count for part in products.vectors.freeze().parts if part.store.segment]


def test_an_empty_shard(products: Products) -> None:
    view = products.vectors.freeze()
    assert view.parts == () and len(view.gather(NO_ROWS)) == len(view.exact(query(), NO_ROWS)) == 0
    assert len(view.near(query(), 10, None, 0).slots) == 0
    products.vectors.merge_all()
    assert products.vectors.freeze().parts == ()


def test_room_is_what_can_be_appended_without_a_seal(products: Products) -> None:
    """A full head is sealed by the row after its last, which is where a merge may have to be waited for."""
    assert products.vectors.room == 0
    products.put(0)
    for sku in range(1, HEAD_ROWS):
        assert products.vectors.room == HEAD_ROWS - sku
        products.put(sku)
    assert products.vectors.room == 0 and len(products.vectors.freeze().parts) == 1
    products.put(HEAD_ROWS)
    assert products.vectors.room == HEAD_ROWS - 1 and len(products.vectors.freeze().parts) == 2


def test_churn(products: Products) -> None:
    """Each row is replaced several times, some are gone for good."""
    rng = np.random.default_rng(1)
    for step in range(4_000):
        products.put(int(rng.integers(600)))
        if step % 5 == 0:
            products.delete(int(rng.integers(600)))
        if step % 250 == 0:
            products.agree()
    products.agree()
    assert len(segments(products)) <= 3
    assert products.vectors.figures.repairs > 0


@pytest.mark.parametrize("after", range(0, 4 * HEAD_ROWS, HEAD_ROWS // 2))
def test_everything_is_deleted_while_a_merge_is_under_way(products: Products, after: int) -> None:
    """The merge's rows were alive when it began; its segment is installed without a living row, then dropped."""
    for sku in range(6 * HEAD_ROWS + after):
        products.put(sku)
    for sku in list(products.newest):
        products.delete(sku)
    products.agree()
    for sku in range(12 * HEAD_ROWS):
        products.put(sku)
    products.agree()


def test_all_but_one_row_die(products: Products) -> None:
    for sku in range(20 * HEAD_ROWS):
        products.put(sku)
    for sku in range(1, 20 * HEAD_ROWS):
        products.delete(sku)
    products.agree()
    for sku in range(1_000_000, 1_000_000 + 8 * HEAD_ROWS):
        products.put(sku)
    products.agree()
    assert sum(segments(products)) <= 9 * HEAD_ROWS


def test_one_product_only_is_written_again_and_again(products: Products) -> None:
    """Heads of which one row lives at most."""
    for _ in range(30 * HEAD_ROWS):
        products.put(1)
    products.agree()
    assert sum(part.count for part in products.vectors.freeze().parts) <= 8 * HEAD_ROWS


def test_few_products_are_written_again_and_again(products: Products) -> None:
    """No base comes of them: the small segment that they gather in loses its dead rows too."""
    for number in range(300 * HEAD_ROWS):
        products.put(number % 5)
    products.agree()
    assert sum(part.count for part in products.vectors.freeze().parts) <= 8 * HEAD_ROWS


def test_merged_all_into_one(products: Products) -> None:
    for sku in range(7 * HEAD_ROWS + 3):
        products.put(sku % 300)
    products.vectors.merge_all()
    assert [part.shown for part in products.vectors.freeze().parts] == [300]
    products.agree()
    products.vectors.merge_all()  # again, with nothing new
    products.agree()
    products.put(1)
    products.agree()


def test_an_old_view_keeps_what_it_shows_and_then_lets_go_of_it(products: Products, tmp_path: Path) -> None:
    for sku in range(8 * HEAD_ROWS):
        products.put(sku)
    old, kept = products.vectors.freeze(), dict(products.newest)
    for sku in range(40 * HEAD_ROWS):
        products.put(sku % 500)
    assert all(old.half(row) == vector for row, vector in kept.values())
    assert sorted(old.near(query(), len(kept), None, len(kept), scan=True).slots.tolist()) == sorted(kept)
    del old
    gc.collect()
    in_use = len(segments(products)) + len(products.vectors.freeze().pending)
    assert len(list((tmp_path / "segments").iterdir())) == in_use


def test_files_and_mappings_stay_few(products: Products, tmp_path: Path) -> None:
    def number(folder: Path) -> int:
        return len(list(folder.iterdir()))

    def held() -> tuple[int, int, int]:
        gc.collect()
        maps = Path("/proc/self/maps").read_text(encoding="utf-8")
        return number(Path("/proc/self/fd")), maps.count(str(tmp_path)), number(tmp_path / "segments")

    def go_on(heads: int) -> None:
        for sku in range(heads * HEAD_ROWS):
            products.put(sku % 500)

    go_on(20)
    before = held()
    go_on(60)
    assert products.vectors.figures.merges > 20
    files, mappings, folders = held()
    assert files <= before[0] + 2
    assert mappings <= 3 * 4
    assert folders <= 5


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    left = tmp_path / "segments" / "12"
    left.mkdir(parents=True)
    (left / "tmp-7-graph").write_bytes(b"half a graph")
    products = Products(tmp_path / "segments")
    assert list((tmp_path / "segments").iterdir()) == []
    products.put(1)
    products.agree()


def test_going_on_from_a_view_is_the_same_as_going_on(tmp_path: Path) -> None:
    """Also while merges are under way; the rows go on in the same memory."""
    often, never = Products(tmp_path / "often"), Products(tmp_path / "never")
    for number, sku in enumerate(np.random.default_rng(2).integers(400, size=1_500).tolist()):
        often.put(sku)
        never.put(sku)
        if number % 100 == 99:
            live = np.sort(np.array([row for row, _ in often.newest.values()]))
            folder = tmp_path / f"often-{number}"
            often.vectors = Vectors(DIM, folder, BuilderHere(), PACING, often.vectors.freeze(), live)
            assert often.vectors.structure_digest() == never.vectors.structure_digest()
    often.agree()
    assert never.vectors.figures.merges > 0
