"""How far a misspelt word is from a word."""

import pytest

from schemas.edits import AKIN, DOUBLED, EDIT, FIRST, MISSING, SLIP, TOO_MANY, edit_cost


@pytest.mark.parametrize(
    ("typed", "word", "cost"),
    [
        ("ceiling", "ceiling", 0.0),
        ("cieling", "ceiling", SLIP),
        ("panel", "pannel", SLIP),
        ("pannel", "panel", DOUBLED),
        ("ligt", "light", MISSING),
        ("vinal", "vinyl", AKIN),
        ("hundle", "handle", AKIN),
        ("bemch", "bench", AKIN),
        ("flashind", "flashing", EDIT),
        ("klip", "clip", AKIN + FIRST),
        ("doora", "door", TOO_MANY),
        ("doort", "door", AKIN),
        ("dooor", "door", DOUBLED),
        ("ight", "light", MISSING + FIRST),
        ("", "", 0.0),
        ("ab", "", 2 * TOO_MANY + FIRST),
        ("", "ab", 2 * MISSING + FIRST),
    ],
)
def test_slips_cost_less_than_other_edits(typed: str, word: str, cost: float) -> None:
    assert edit_cost(typed, word) == pytest.approx(cost)
