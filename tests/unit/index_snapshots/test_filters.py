"""Masks: what passes is what a fresh look finds, however much of it was remembered from other views."""

import gc
import threading
import weakref
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from index_snapshots.columns import CHUNK_ROWS, Columns
from index_snapshots.conditions import COMPARED_MAX
from index_snapshots.facets import Facets
from index_snapshots.filters import FILTERS_KEPT_MAX, SPARSE_SHARE, Filtering, Known, Mask, Masks
from index_snapshots.stored import Vocabulary
from index_snapshots.words import Paths, Words
from schemas.errors import InvalidRequest
from schemas.filters import Filters, NumberRange
from tests.unit.index_snapshots.making import FACETS, excluding

TREE = excluding(
    Filters(category=[["c"]], attributes={"watts": NumberRange(min=3, max=7)}),
    price_max=80.0,
    any=[Filters(brand=["b1", "b2"]), Filters(attributes={"colour": ["red", True]})],
)
ASKED = (
    Filters(),
    Filters(brand=["b3"]),
    Filters(category=[["c", "1"], ["c", "2"]], in_stock=True),
    Filters(price_min=20.0, price_max=30.0, currency="EUR"),
    Filters(attributes={"colour": ["red"]}),
    Filters(attributes={"watts": NumberRange(max=4)}),
    excluding(Filters(attributes={"colour": ["red", "blue"]})),
    TREE,
)


class World:
    """Products drawn by a seed, in columns and facets as a shard keeps them, and once more as plain rows."""

    def __init__(self, slots: int, seed: int = 1) -> None:
        self.columns, self.facets, self.masks = Columns(), Facets(FACETS), Masks()
        self.words = Vocabulary([], {}, Words(), Paths(), Words())
        self._rng = np.random.default_rng(seed)
        for _ in range(slots):
            self.add()

    def add(self) -> int:
        slot = self.columns.add()
        self.draw(slot)
        return slot

    def draw(self, slot: int) -> None:
        """Any product, a tenth of them not shown; attributes may be missing or several."""
        one = self._rng.integers(0, 10, 8).tolist()
        self.put(slot, "visible", one[0] > 0)
        self.put(slot, "brand", self.words.brands.code(f"b{one[1]}"))
        self.put(slot, "category", self.words.categories.code(("c" if one[2] < 5 else "d", str(one[3]))))
        self.put(slot, "price", float(one[4] * 10) if one[4] else float("nan"))
        self.put(slot, "currency", self.words.currencies.code("EUR" if one[5] < 8 else "USD"))
        self.put(slot, "in_stock", one[5] < 5)
        colours = {0: None, 1: True, 2: ["red", "blue"], 3: ["blue", False]}.get(one[6], "red")
        self.facets.put(slot, {"colour": colours, "watts": [one[7], one[7] + 5] if one[7] < 8 else None})

    def put(self, slot: int, name: str, value: Any) -> None:
        self.columns.put(name, slot, value)

    def view(self) -> Filtering:
        return Filtering(self.columns.freeze(), self.facets.freeze(self.columns.slots), self.words, self.masks)


def fresh(view: Filtering, filters: Filters) -> list[int]:
    """As if nobody had asked before."""
    return list(replace(view, masks=Masks()).mask(filters).slots().tolist())


def check(view: Filtering) -> None:
    for filters in ASKED:
        assert view.mask(filters).slots().tolist() == fresh(view, filters)


@pytest.mark.parametrize("slots", [0, 1, 7, CHUNK_ROWS - 1, CHUNK_ROWS, CHUNK_ROWS + 1, 2 * CHUNK_ROWS + 9])
@pytest.mark.parametrize("share", [0.0, 1 / SPARSE_SHARE / 2, 0.5, 1.0])
def test_a_mask_says_the_same_in_all_its_forms(slots: int, share: float) -> None:
    columns, rng = Columns(), np.random.default_rng(slots)
    shown = rng.random(slots) < share
    for slot in range(slots):
        columns.put("visible", columns.add(), bool(shown[slot]))
    mask = Filtering(columns.freeze(), {}, Vocabulary([], {}, Words(), Paths(), Words()), Masks()).mask(Filters())
    assert mask.count == int(shown.sum()) and mask.total == slots
    assert mask.passing.dtype == np.bool_ and mask.passing.tolist() == shown.tolist()
    assert mask.slots().dtype == np.int64 and mask.slots().tolist() == np.flatnonzero(shown).tolist()
    assert mask.has(np.arange(slots, dtype=np.int32)).tolist() == shown.tolist()
    assert mask.bits.dtype == np.uint8 and len(mask.bits) == (slots + 7) // 8
    assert [bool(mask.bits[slot // 8] >> slot % 8 & 1) for slot in range(slots)] == shown.tolist()


def test_what_passes_does_not_depend_on_what_was_asked_before() -> None:
    world, rng = World(2 * CHUNK_ROWS + 100), np.random.default_rng(2)
    views = [world.view()]
    for _ in range(12):
        for slot in rng.integers(0, world.columns.slots, 3).tolist():
            world.draw(slot)
        world.add()
        views.append(world.view())
        check(views[-1])
        check(views[int(rng.integers(len(views)))])  # a reader may still hold an old one


@pytest.mark.parametrize("change", ["visible", "brand", "category", "price", "currency", "in_stock", "facets"])
def test_each_thing_a_filter_looks_at_renews_it(change: str) -> None:
    """Of 100 products the last one changes in one thing only."""
    world = World(100)
    check(world.view())
    values = {"visible": False, "brand": 3, "category": 0, "price": 25.0, "currency": 0, "in_stock": True}
    for slot in range(100):
        if change == "facets":
            world.facets.put(slot, {"colour": "red", "watts": 1})
        else:
            world.put(slot, change, values[change])
        check(world.view())


class NeverStale(Masks):
    """A planted bug: what is remembered passes for what the view at hand has."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def get(self, key: bytes) -> Known | None:
        found = super().get(key)
        if found is None:
            return None
        view = self._world.view()
        now = (
            view.columns.chunks[name] if kind == "column" else view.facets[name].chunks for kind, name in found.sources
        )
        return replace(found, origins=tuple(tuple(map(weakref.ref, chunks)) for chunks in now))


def test_a_stale_mask_would_be_seen() -> None:
    """The control of the tests above."""
    world = World(100)
    world.masks = NeverStale(world)
    check(world.view())
    world.draw(3)
    with pytest.raises(AssertionError):
        check(world.view())


def test_only_changed_chunks_are_worked_out_anew() -> None:
    world = World(3 * CHUNK_ROWS)
    before = world.view().mask(TREE)
    assert all(one is other for one, other in zip(world.view().mask(TREE).chunks, before.chunks, strict=True))
    passing = before.slots()
    world.put(int(passing[passing >= CHUNK_ROWS][0]), "visible", False)
    after = world.view().mask(TREE)
    same = [one is other for one, other in zip(before.chunks, after.chunks, strict=True)]
    assert same == [True, False, True] and after.count == before.count - 1
    world.put(5, "stock", 77)  # nothing that it looks at
    again = world.view().mask(TREE)
    assert all(one is other for one, other in zip(again.chunks, after.chunks, strict=True))


def test_a_mask_stays_the_same_as_long_as_the_same_slots_pass() -> None:
    """What was made of it is kept by its identity."""
    world = World(2 * CHUNK_ROWS)
    before = world.view().mask(Filters(price_max=50.0))
    passing = int(before.slots()[0])
    world.put(passing, "price", 0.5)  # still low enough
    assert world.view().mask(Filters(price_max=50.0)) is before
    world.put(passing, "price", 51.0)
    after = world.view().mask(Filters(price_max=50.0))
    assert after is not before and after.count == before.count - 1
    world.add()  # one more slot, whether or not it passes
    assert world.view().mask(Filters(price_max=50.0)).total == before.total + 1


def test_an_older_shorter_view_in_between_does_no_harm() -> None:
    """What is remembered of it must not pass for the chunks that it does not have."""
    world = World(CHUNK_ROWS)
    old = world.view()
    world.put(5, "price", 1.5)
    for _ in range(CHUNK_ROWS + 1):
        world.add()
    new = world.view()
    check(new)
    for slot in range(CHUNK_ROWS, CHUNK_ROWS + 20):
        world.draw(slot)
    newest = world.view()
    check(old)
    check(newest)
    check(new)


def test_a_word_that_comes_later_is_found() -> None:
    world = World(50)
    asked = (Filters(brand=["new"]), Filters(category=[["new"]]), Filters(attributes={"colour": ["new"]}))
    assert [world.view().mask(one).count for one in asked] == [0, 0, 0]
    world.put(7, "visible", True)
    world.put(7, "brand", world.words.brands.code("new"))
    world.put(7, "category", world.words.categories.code(("new", "deep")))
    world.facets.put(7, {"colour": "new"})
    assert [world.view().mask(one).slots().tolist() for one in asked] == [[7], [7], [7]]


@pytest.mark.parametrize("count", [1, 2, COMPARED_MAX, COMPARED_MAX + 1, 10])
def test_few_values_and_many_are_found_alike(count: int) -> None:
    world = World(3000)
    view = world.view()
    several = view.mask(Filters(brand=[f"b{i}" for i in range(count)]))
    single = [view.mask(Filters(brand=[f"b{i}"])).slots() for i in range(count)]
    assert several.slots().tolist() == np.sort(np.concatenate(single)).tolist()
    for slot in range(0, 3000, 7):
        world.put(slot, "brand", -1)  # no brand is none of them
    view = world.view()
    assert not set(view.mask(Filters(brand=[f"b{i}" for i in range(count)])).slots().tolist()) & set(range(0, 3000, 7))


def test_no_more_filters_are_remembered_than_the_limit() -> None:
    world = World(10)
    for number in range(FILTERS_KEPT_MAX):
        world.view().mask(Filters(price_max=float(number)))
    assert len(world.masks) == FILTERS_KEPT_MAX
    world.view().mask(Filters(price_max=0.0))  # used again: not the one that goes
    world.view().mask(Filters(price_max=1e6))
    assert len(world.masks) == FILTERS_KEPT_MAX
    first = world.view().mask(Filters(price_max=0.0))
    assert first.chunks[0] is world.view().mask(Filters(price_max=0.0)).chunks[0]


def test_what_is_remembered_keeps_no_old_view_alive() -> None:
    world = World(10)
    view = world.view()
    check(view)
    price = weakref.ref(view.columns.chunks["price"][0])
    colour = weakref.ref(view.facets["colour"].chunks[0])
    world.put(3, "price", 1.25)
    world.facets.put(3, {"colour": "green"})
    check(world.view())
    del view
    gc.collect()
    assert price() is None and colour() is None


@pytest.mark.parametrize(
    ("filters", "code"),
    [
        (Filters(attributes={"size": ["L"]}), "undeclared_attribute"),
        (excluding(Filters(attributes={"colour": NumberRange(min=1)})), "wrong_attribute_kind"),
    ],
)
def test_undeclared_attributes_are_refused_each_time(filters: Filters, code: str) -> None:
    world = World(3)
    for view in (world.view(), world.view()):
        with pytest.raises(InvalidRequest) as caught:
            view.mask(filters)
        assert caught.value.code == code
    assert len(world.masks) == 0


def test_many_threads_on_many_views() -> None:
    world, wrong = World(CHUNK_ROWS + 50), list[object]()
    views = [world.view()]
    expected: list[list[int]] = [fresh(views[0], TREE)]
    for slot in range(0, CHUNK_ROWS + 50, 200):
        world.draw(slot)
        views.append(world.view())
        expected.append(fresh(views[-1], TREE))

    def ask(seed: int) -> None:
        for at in np.random.default_rng(seed).integers(0, len(views), 200).tolist():
            mask: Mask = views[at].mask(TREE)
            if mask.slots().tolist() != expected[at]:
                wrong.append(at)

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
