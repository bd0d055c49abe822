"""What a query wishes re-ranks the best hits of a shard, and the same for every page."""

import orjson
import pytest

from index_snapshots.apply import apply
from index_snapshots.fits import fits
from index_snapshots.protocol import Leaning
from index_snapshots.view import ShardView
from schemas.filters import Filters
from schemas.wishes import (
    HAS_FIT,
    LACKS_FIT,
    SIZE_FIT,
    TELLS_FIT,
    WISHES_WINDOW,
    Size,
    Spelling,
    Wishes,
    fitted,
    rank_key,
)
from tests.unit.index_snapshots.making import content, document, logged, offer, unit
from tests.unit.index_snapshots.making import shard as make_shard

QUERY = unit(1_000)
NO_FAN = Wishes(unwanted=["fan"], before=["no", "without"], after=["less"])


def body(title: str, description: str | None = None) -> bytes:
    return orjson.dumps({"title": title, "description": description, "attributes": {}})


def view_of(count: int) -> ShardView:
    """Every third has a fan."""
    shard = make_shard()
    titles = [("Fan", "Lamp", "Fanless lamp")[number % 3] for number in range(count)]
    documents = [
        document(f"{number:04}", number, seed=number, of=content(title)) for number, title in enumerate(titles)
    ]
    assert not apply(logged("documents", documents), shard).refused
    assert not apply(logged("offers", [offer(f"{number:04}", number) for number in range(count)]), shard).refused
    return shard.view


def test_each_product_gets_its_factor() -> None:
    bodies = [body("Laptop with fan"), body("Laptop"), body("Laptop, fanless"), body("Laptop", "For a fan.")]
    assert fits(NO_FAN, bodies) == [HAS_FIT, 1.0, LACKS_FIT, TELLS_FIT]


def test_a_phrase_that_nothing_names_is_cut_short() -> None:
    wishes = NO_FAN.model_copy(update={"unwanted": ["fan silent white"]})
    assert fits(wishes, [body("Laptop with fan"), body("Laptop")]) == [HAS_FIT, 1.0]
    assert fits(wishes, [body("Fan silent"), body("Laptop with fan")]) == [HAS_FIT, 1.0]
    assert fits(wishes, [body("Laptop")]) == [1.0]


def test_wishes_multiply() -> None:
    size = Size(text="15 inch", spellings=[Spelling(numbers=["15"], units=["inch"])])
    wishes = NO_FAN.model_copy(update={"sizes": [size]})
    assert fits(wishes, [body("Laptop with fan 15 inch"), body("15 inch")]) == [HAS_FIT * SIZE_FIT, SIZE_FIT]


@pytest.mark.parametrize("count", [5, WISHES_WINDOW, WISHES_WINDOW + 1, WISHES_WINDOW + 60])
def test_the_order_is_that_of_the_formula(count: int) -> None:
    view = view_of(count)
    plain = view.search(QUERY, count, Filters()).found
    found = view.search(QUERY, count, Filters(), wishes=NO_FAN).found
    factor = {"0": HAS_FIT, "1": 1.0, "2": LACKS_FIT}
    fit = {one.sku: factor[str(int(one.sku) % 3)] for one in plain[:WISHES_WINDOW]}
    truth = sorted(plain, key=lambda one: rank_key(one.sku, one.score, fit.get(one.sku), True))
    assert [(one.sku, one.score, one.fit) for one in found] == [(one.sku, one.score, fit.get(one.sku)) for one in truth]


def test_the_first_hits_are_the_same_whatever_the_limit() -> None:
    view = view_of(WISHES_WINDOW + 60)
    leaning = Leaning(unit(2_000), 0.3)
    for session in (None, leaning):
        whole = view.search(QUERY, WISHES_WINDOW + 60, Filters(), session, NO_FAN).found
        for limit in (1, 10, WISHES_WINDOW - 1, WISHES_WINDOW, WISHES_WINDOW + 1):
            assert view.search(QUERY, limit, Filters(), session, NO_FAN).found == whole[:limit]


def test_without_a_vector_nothing_is_wished() -> None:
    found = view_of(5).search(None, 5, Filters(), wishes=NO_FAN).found
    assert [one.sku for one in found] == ["0004", "0003", "0002", "0001", "0000"]
    assert {one.fit for one in found} == {None}


def test_a_score_moves_to_the_right_side() -> None:
    assert fitted(0.5, HAS_FIT) < 0.5 < fitted(0.5, LACKS_FIT)
    assert fitted(-0.5, HAS_FIT) < -0.5 < fitted(-0.5, LACKS_FIT)
    assert rank_key("a", 0.1, 1.0, True) < rank_key("b", 0.9, None, True)
    assert rank_key("b", 0.9, None, False) < rank_key("a", 0.1, None, False)
