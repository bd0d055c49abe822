"""Hits as a shard writes them: bodies as they are, everything else from the columns."""

import orjson

from index_snapshots.apply import apply
from schemas.filters import Filters
from schemas.records import Content
from tests.unit.index_snapshots.making import document, hits, logged, offer, shard, unit

FULL = Content(
    title='A "lamp"\u2028 שלום 💡',
    description="\x00 \\ /",
    brand="Lumen",
    category=["Home", "Lamps"],
    image_urls=["https://shop.example/1.jpg"],
    url="https://shop.example/1",
    locale="he",
    attributes={"watts": 7, "weight": 0.25, "colours": ["red", "blue"], "dimmable": True, "big": 2**53 + 1},
)


def test_a_full_body_arrives_as_it_was_applied() -> None:
    one = shard()
    apply([*logged("documents", [document("a", 1, of=FULL)]), *logged("offers", [offer("a", 1)])], one)
    found = one.view.search(unit(1), 5, Filters()).found
    (hit,) = hits(one.view, found)
    assert hit.content == FULL
    assert hit == (one.view.lookup("a").hit or hit).model_copy(update={"score": found[0].score})
    assert one.view.bodies[0] in orjson.dumps(one.view.hit_parts(found))


def test_what_an_offer_does_not_state_is_null() -> None:
    one = shard()
    offers = [offer("a", 1, price=None, stock=None), offer("b", 1, stock=None), offer("c", 1, price=None)]
    apply([*logged("documents", [document(sku, 1) for sku in "abcd"]), *logged("offers", offers)], one)
    written = {part["sku"]: part["offer"] for part in one.view.hit_parts(one.view.search(None, 5, Filters()).found)}
    euro = {"amount": 1.0, "currency": "EUR"}
    assert written == {
        "a": {"price": None, "stock": None, "availability": None},
        "b": {"price": euro, "stock": None, "availability": None},
        "c": {"price": None, "stock": 1, "availability": None},
        "d": None,
    }
