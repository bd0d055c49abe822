"""How far a misspelt word is from a word."""

import pytest

from schemas.edits import EDIT, FIRST, SLIP, VOWEL, edit_cost


@pytest.mark.parametrize(
    ("typed", "word", "cost"),
    [
        ("ceiling", "ceiling", 0.0),
        ("cieling", "ceiling", SLIP),
        ("pannel", "panel", SLIP),
        ("ligt", "light", EDIT),
        ("vinal", "vinyl", VOWEL),
        ("hundle", "handle", VOWEL),
        ("hbndle", "handle", EDIT),
        ("ight", "light", EDIT + FIRST),
        ("", "", 0.0),
        ("ab", "", 2 * EDIT + FIRST),
    ],
)
def test_slips_cost_less_than_other_edits(typed: str, word: str, cost: float) -> None:
    assert edit_cost(typed, word) == pytest.approx(cost)
