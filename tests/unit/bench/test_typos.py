"""`freshet eval typos`: a misspelt query is right when it finds what its correction does."""

from pathlib import Path
from typing import Any

import pytest

from bench.typos import (
    ALL_KNOWN,
    AS_PEOPLE_DID,
    HARMED,
    HITS_MIN,
    NOT_KNOWN,
    OTHERWISE,
    Pair,
    evaluate_typos,
    overlap,
    read_pairs,
)
from freshet.run_eval_typos import failure_lines

PAIRS = [Pair("lmap", "lamp"), Pair("chiar", "chair"), Pair("stol", "stool")]


def hits(*skus: str) -> list[dict[str, Any]]:
    return [{"sku": sku} for sku in skus]


class FakeShop:
    """Knows the words lamp and chair, puts `lmap` right, and takes a correct `chair` for `lamp`."""

    def __init__(self, **found: list[dict[str, Any]]) -> None:
        some = {"lamp": hits("a", "b", "c"), "chair": hits("d", "e", "f", "g"), "stool": hits("h", "i")}
        self.found = found or some
        self.instead = {"lmap": "lamp", "chair": "lamp"}
        self.misled: list[dict[str, Any]] | None = None
        """What is found instead of what it should."""

    async def search(self, body: dict[str, Any]) -> dict[str, Any]:
        text = body["text"]
        instead = self.instead.get(text) if body["typos"] else None
        assert body["limit"] == 10 and body["mode"] in ("words", "hybrid") and body["fallback"] == []
        corrected = {"text": instead} if instead else None
        explain = {"words": {"unknown": ["stol"] if text == "stol" else []}} if body.get("explain") else None
        found = self.misled if instead and self.misled is not None else self.found.get(instead or text, [])
        return {"hits": found, "corrected": corrected, "took_ms": 1.0, "explain": explain}


async def test_what_is_found_is_empty_and_is_harmed() -> None:
    figures = await evaluate_typos(FakeShop().search, PAIRS, ("words", "hybrid"))
    assert (figures["pairs"], figures["counted"]) == (3, 2)
    off, on = figures["words"]["off"], figures["words"]["on"]
    assert (off["overlap_half"], off["zero_results"], off["harmed"], off["corrected"]) == (0, 1, None, 0)
    assert (on["overlap_half"], on["zero_results"], on["harmed"], on["corrected"]) == (0.5, 0.5, 0.5, 1)
    assert on["corrected_as_people_did"] == 1 and on["took_ms"] == [1.0, 1.0]
    assert figures["hybrid"] == figures["words"]


@pytest.mark.parametrize(
    ("pair", "cause"),
    [
        (Pair("lmap", "lamp shade"), AS_PEOPLE_DID),
        (Pair("lmap", "chair"), OTHERWISE),
        (Pair("chiar", "lamp"), ALL_KNOWN),
        (Pair("stol", "lamp"), NOT_KNOWN),
    ],
)
async def test_a_failure_names_its_cause(pair: Pair, cause: str) -> None:
    found = {"lamp": hits("x", "y", "z"), "chair": hits("d", "e", "f"), "lamp shade": hits("a", "b", "c")}
    shop = FakeShop(**found)
    if cause == AS_PEOPLE_DID:
        shop.instead, shop.misled = {"lmap": "lamp shade"}, hits("x")
    figures = await evaluate_typos(shop.search, [pair], ("words",))
    [told] = [one for one in figures["words"]["on"]["failures"] if one["cause"] != HARMED]
    assert (told["query"], told["corrected"], told["cause"]) == (pair.query, pair.corrected, cause)
    assert any(pair.query in line for line in failure_lines("words", [told]))


async def test_a_correct_query_that_is_harmed_is_listed_too() -> None:
    figures = await evaluate_typos(FakeShop().search, PAIRS[1:2], ("words",))
    harmed = {"query": "chair", "corrected": "chair", "searched": "lamp", "cause": HARMED}
    assert harmed in figures["words"]["on"]["failures"] and figures["words"]["off"]["failures"] == []


@pytest.mark.parametrize("count", [HITS_MIN - 1, HITS_MIN])
async def test_a_pair_counts_from_so_many_hits_on(count: int) -> None:
    shop = FakeShop(lamp=hits(*"abcdef"[:count]))
    assert (await evaluate_typos(shop.search, PAIRS[:1], ("words",)))["counted"] == (count >= HITS_MIN)


def test_half_is_counted_of_the_truth() -> None:
    assert overlap({"hits": hits("a", "x", "y")}, {"hits": hits("a", "b")}) == 0.5
    assert overlap({"hits": []}, {"hits": hits("a")}) == 0.0 and overlap({"hits": []}, {"hits": []}) == 1.0


def test_pairs_are_read_from_a_folder_or_it_is_said_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"holds no typos_\*\.csv"):
        read_pairs(tmp_path)
    (tmp_path / "typos_a.csv").write_text("query,right\nlmap,lamp\n")
    with pytest.raises(ValueError, match="has no column corrected"):
        read_pairs(tmp_path)
    (tmp_path / "typos_a.csv").write_text("query,corrected\nlmap,lamp\n")
    assert read_pairs(tmp_path) == [Pair("lmap", "lamp")]
