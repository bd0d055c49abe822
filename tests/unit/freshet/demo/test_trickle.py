"""The trickle: valid events, within its limits for ever, whatever begins ends, and the same dice do the same."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from freshet.demo import trickle
from freshet.demo.catalogue import SKU_PREFIX, assortment
from freshet.demo.dice import Dice
from freshet.demo.shelf import Shelf
from freshet.demo.trickle import Change, next_change, sold
from schemas.events import Delete, Patch, check_event

WHOLE = assortment()


def full_shelf() -> Shelf:
    return Shelf(WHOLE, WHOLE.first.values())


def run(shelf: Shelf, seed: object, count: int) -> list[Change]:
    dice, done = Dice("trickle", seed), []
    for _ in range(count):
        change = next_change(shelf, dice)
        if change:
            shelf.take(change.event)
            done.append(change)
    return done


def within_limits(shelf: Shelf) -> bool:
    return (
        len(shelf.on_sale) <= trickle.ON_SALE_MAX
        and len(shelf.edited) <= trickle.EDITED_MAX
        and len(shelf.added) <= trickle.ADDED_TOTAL_MAX
        and len(shelf.gone) <= trickle.GONE_MAX
        and len(shelf.products) <= len(WHOLE.first) + trickle.ADDED_TOTAL_MAX
    )


@given(seed=st.integers(0, 2**32))
@settings(max_examples=15, deadline=None)
def test_every_event_is_one_the_shop_takes_and_fits_what_is_there(seed: int) -> None:
    shelf, dice = full_shelf(), Dice("trickle", seed)
    for _ in range(400):
        change = next_change(shelf, dice)
        if change is None:
            continue
        event, _ = check_event(change.event)
        assert change.sku.startswith(SKU_PREFIX)
        if isinstance(event, Patch | Delete):
            assert change.sku in shelf.products
        else:
            assert change.sku not in shelf.products
        shelf.take(change.event)
        assert within_limits(shelf)


def test_it_never_grows_without_bound_and_does_all_it_can_do() -> None:
    shelf = full_shelf()
    done = Counter(change.what for change in run(shelf, 1, 20_000))
    assert within_limits(shelf)
    assert set(done) == {
        "sale begins",
        "sale ends",
        "sold",
        "sold out",
        "restocked",
        "title edited",
        "description edited",
        "text as before",
        "new",
        "taken out of the range",
        "deleted",
        "back again",
    }
    assert done["sale ends"] >= done["sale begins"] - trickle.ON_SALE_MAX
    assert done["back again"] >= done["deleted"] - trickle.GONE_MAX
    assert len(shelf.sold_out) < 2 * trickle.SOLD_OUT_MAX


def test_the_same_dice_do_the_same_on_the_same_shelf() -> None:
    assert run(full_shelf(), 7, 300) == run(full_shelf(), 7, 300)
    assert run(full_shelf(), 7, 300) != run(full_shelf(), 8, 300)


def test_a_shelf_read_from_the_shop_knows_what_was_begun() -> None:
    shelf = full_shelf()
    run(shelf, 3, 2_000)
    again = Shelf(WHOLE, shelf.products.values())
    for name in ("on_sale", "sold_out", "edited", "added", "gone"):
        assert set(getattr(again, name)) == set(getattr(shelf, name)), name


@pytest.mark.parametrize(("name", "most"), [("on_sale", trickle.ON_SALE_MAX), ("gone", trickle.GONE_MAX)])
def test_limits_hold_at_n_and_end_one_at_n_plus_1(name: str, most: int) -> None:
    dice = Dice("limit")
    there = [str(number) for number in range(most)]
    assert not any(trickle._begins(dice, there, most) for _ in range(200))
    assert any(trickle._begins(dice, there[:-1], most) for _ in range(5_000))
    assert all(trickle._begins(dice, [], most) for _ in range(200))


def test_what_a_person_has_set_is_left_alone() -> None:
    products = [
        {**product, "title": "Mine", "price": {"amount": 1.23, "currency": "EUR"}} for product in WHOLE.first.values()
    ]
    done = run(Shelf(WHOLE, products), 5, 1_500)
    people = {"sale begins", "sale ends", "title edited", "description edited", "text as before"}
    of_the_first = [change for change in done if change.sku in WHOLE.first and change.what in people]
    recreated = {change.sku for change in done if change.what == "back again"}
    assert [change for change in of_the_first if change.sku not in recreated] == []


def test_products_of_another_version_of_the_demo_are_left_alone() -> None:
    sku = "demo-old-00-1"
    old = {**next(iter(WHOLE.first.values())), "sku": sku}
    done = run(Shelf(WHOLE, [old]), 5, 500)
    assert sku not in {change.sku for change in done}
    assert {change.what for change in done} >= {"back again", "new"}  # an empty shop fills up by itself


@pytest.mark.parametrize(("stock", "bought", "left"), [(5, 2, 3), (2, 3, 0), (0, 1, None)])
def test_what_is_bought_leaves_the_stock(stock: int, bought: int, left: int | None) -> None:
    shelf = full_shelf()
    sku = next(iter(shelf.products))
    shelf.take({"type": "patch", "sku": sku, "stock": stock})
    change = sold(shelf, sku, bought)
    assert (change.event["stock"] if change else None) == left
    assert change is None or (change.event["availability"] == "in_stock") == bool(left)


def test_what_is_gone_cannot_be_bought() -> None:
    assert sold(full_shelf(), "no-such-product", 1) is None
