"""Words as they are compared."""

import pytest

from schemas.folding import WORD, folded


@pytest.mark.parametrize(
    ("text", "same"),
    [("Möbel", "mobel"), ("STRASSE", "strasse"), ("Straße", "strasse"), ("Œuvre", "oeuvre"), ("é", "e")],
)
def test_case_and_accents_go(text: str, same: str) -> None:
    assert folded(text) == same


def test_words_are_letters_and_digits_without_marks_between() -> None:
    assert WORD.findall("wall-pannels 3/4in. d'été_x") == ["wall", "pannels", "3", "4in", "d", "été", "x"]
