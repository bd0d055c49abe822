"""Which words sound alike."""

import pytest

from serving.spelling.language import by_sound
from serving.spelling.sounds import sound


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("florsent", "fluorescent"),
        ("assesories", "accessories"),
        ("lineulium", "linoleum"),
        ("vynal", "vinyl"),
        ("vaccume", "vacuum"),
        ("krome", "chrome"),
        ("latter", "ladder"),
        ("fotograf", "photograph"),
    ],
)
def test_words_that_sound_alike(typed: str, word: str) -> None:
    assert sound(typed) == sound(word)


@pytest.mark.parametrize(("typed", "word"), [("panel", "handle"), ("", "lamp"), ("insulate", "slate")])
def test_words_that_sound_otherwise(typed: str, word: str) -> None:
    assert sound(typed) != sound(word)


def test_words_are_found_by_their_sound_but_those_of_few_consonants() -> None:
    assert by_sound(["vinyl", "tile", "venal", "tool", "panel"]) == {"fnl": "vinyl venal", "pnl": "panel"}
