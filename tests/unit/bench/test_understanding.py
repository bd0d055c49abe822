"""`freshet eval understanding`: queries are made from answers, and hits are judged by plain patterns."""

from typing import Any

from bench.understanding import HITS_MIN, STEPS, evaluate_understanding, made_from
from schemas.catalogue_values import CatalogueValues, Named
from serving.understanding.catalogue import learned
from serving.understanding.languages import language
from serving.understanding.understand import understand


def hit(number: int) -> dict[str, Any]:
    title = f"Lamp {'black' if number % 2 else 'white'} {100 if number % 3 else 200} W"
    return {
        "sku": f"{number:03}",
        "content": {"title": title, "brand": "Lumen" if number % 4 == 0 else "Volt"},
        "offer": {"price": {"amount": float(number), "currency": "EUR"}},
    }


BRANDS = learned([CatalogueValues(brands=[Named(value="Lumen", products=7), Named(value="Volt", products=23)])])
HITS = [hit(number) for number in range(1, HITS_MIN + 11)]


class FakeShop:
    """Ranks nothing: it filters by price and leaves out what is not wanted, or reads nothing at all."""

    def __init__(self, reads: bool) -> None:
        self.reads = reads

    async def search(self, body: dict[str, Any]) -> dict[str, Any]:
        if body.get("understand") == [] or not self.reads:
            return {"hits": HITS[: body["limit"]], "degraded": [], "understood": None}
        found = understand(body["text"], language("en"), vocabulary=BRANDS)
        price = found.price
        hits = [
            one
            for one in HITS
            if (price.price_min or 0) <= one["offer"]["price"]["amount"] <= (price.price_max or 999)
            and not any(word in one["content"]["title"] for word in found.wishes.unwanted)
            and all(one["content"]["brand"] in (filters.brand or ()) for filters in found.wanted)
            and all(size.text.split()[0].removesuffix("w") in one["content"]["title"] for size in found.wishes.sizes)
        ]
        notes = [note.model_dump() for note in found.notes]
        told = {"filters": price.model_dump(), "unwanted": found.wishes.unwanted, "notes": notes} if notes else None
        return {"hits": hits[: body["limit"]], "degraded": [], "understood": told}


async def test_a_shop_that_understands_answers_with_nothing_wrong() -> None:
    figures = await evaluate_understanding(FakeShop(reads=True).search, ["lamp"] * 4)
    for step in STEPS:
        assert (figures[step]["queries"], figures[step]["recognised"], figures[step]["wrong_in_top10_on"]) == (4, 1, 0)
    assert figures["negation"]["wrong_in_top10_off"] == 0.5
    assert figures["untouched"] == {"queries": 4, "read_something": [], "same_in_top10": 1.0}


async def test_a_shop_that_reads_nothing_is_told_from_it() -> None:
    figures = await evaluate_understanding(FakeShop(reads=False).search, ["lamp"] * 4)
    for step in STEPS:
        assert figures[step]["recognised"] == 0
        assert figures[step]["wrong_in_top10_on"] == figures[step]["wrong_in_top10_off"]


def test_too_few_hits_make_no_queries() -> None:
    assert [one.step for one in made_from("lamp", HITS[:HITS_MIN], 0)] == list(STEPS)
    assert made_from("lamp", HITS[: HITS_MIN - 1], 0) == []
