"""One product of a shard: to who may not see it, it is as if it were not there."""

from typing import Any

import orjson
import pytest

from agents.shard_product import UNKNOWN, product
from index_snapshots.apply import apply
from index_snapshots.view import ShardView
from schemas.errors import InvalidRequest
from tests.unit.index_snapshots.making import content, document, logged, no_document, no_offer, offer, shard

RED = orjson.dumps({"attributes": {"colour": ["red"]}}).decode()
BLUE = orjson.dumps({"attributes": {"colour": ["blue"]}}).decode()


@pytest.fixture
def view() -> ShardView:
    one = shard()
    lamp = document("lamp", 1, of=content("Lamp", attributes={"colour": "red"}))
    gone = document("gone", 2, of=content("Gone", attributes={"colour": "red"}))
    apply(logged("documents", [lamp, gone, no_document("gone", 3)]), one)
    apply(logged("offers", [offer("lamp", 1), no_offer("gone", 3), offer("early", 4)]), one)
    return one.view


def test_who_may_see_it_is_told_all(view: ShardView) -> None:
    free, red = product(view, "lamp", None), product(view, "lamp", RED)
    assert free["hit"]["sku"] == "lamp" and red == {**free, "passes": True}
    assert product(view, "gone", None)["deleted"] and product(view, "early", None)["waiting"] == "document"


@pytest.mark.parametrize(("sku", "filters"), [("lamp", BLUE), ("gone", RED), ("early", RED), ("none", RED)])
def test_to_others_it_is_not_there(view: ShardView, sku: str, filters: str) -> None:
    assert product(view, sku, filters) == UNKNOWN == {"hit": None, "deleted": False, "waiting": None, "passes": False}


@pytest.mark.parametrize("filters", ["", "{", '{"colour": "red"}', '{"attributes": {"size": ["L"]}}'])
def test_filters_that_cannot_be_are_refused(view: ShardView, filters: Any) -> None:
    with pytest.raises(InvalidRequest):
        product(view, "lamp", filters)
