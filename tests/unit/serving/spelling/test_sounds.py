"""Which words sound alike, and what that makes of the edits between them."""

import pytest

from serving.spelling.sounds import BY_EAR, by_ear, sound


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
    assert by_ear(1.0, typed, word) == pytest.approx(BY_EAR)


@pytest.mark.parametrize(("typed", "word"), [("panel", "handle"), ("", "lamp"), ("insulate", "slate")])
def test_words_that_sound_otherwise(typed: str, word: str) -> None:
    assert by_ear(1.0, typed, word) == 1.0


def test_what_has_few_consonants_sounds_like_too_many_words() -> None:
    assert sound("tile") == sound("tool") and by_ear(1.0, "tile", "tool") == 1.0
