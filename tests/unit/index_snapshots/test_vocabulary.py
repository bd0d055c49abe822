"""Words that are spelt like one that nobody knows."""

from collections.abc import Iterator

import pytest

from index_snapshots import vocabulary
from index_snapshots.vocabulary import NEAR_MAX, WORD_CHARS_MAX, WORD_CHARS_MIN, Vocabulary, written


@pytest.fixture
def words() -> Iterator[Vocabulary]:
    made = Vocabulary()
    yield made
    made.close()


def test_words_that_differ_in_one_or_two_letters(words: Vocabulary) -> None:
    words.learn(["ceiling", "sealing", "chair", "Möbel".lower()])
    assert words.near("cieling") == ["ceiling"]
    assert sorted(words.near("celing")) == ["ceiling", "sealing"]
    assert words.near("mo") == [] and words.near("mobell") == ["möbel"]
    assert words.near("") == []


def test_short_words_differ_in_one_letter_at_most(words: Vocabulary) -> None:
    words.learn(["lamp"])
    assert words.near("lmp") == ["lamp"] and words.near("lm") == []
    assert words.near("laamp") == ["lamp"] and words.near("laaamp") == ["lamp"] and words.near("lap") == ["lamp"]


def test_words_are_learned_once_and_more_may_come(words: Vocabulary) -> None:
    words.learn(["lamp"])
    words.learn(["lamp", "lamps"])
    words.learn([])
    assert len(words) == 2 and sorted(words.near("lampz")) == ["lamp", "lamps"]


@pytest.mark.parametrize("count", [3, 4])
def test_only_so_many_words_are_learned(words: Vocabulary, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "WORDS_MAX", 3)
    words.learn(f"lamp{letter}" for letter in "abcd"[:count])
    words.learn(["lampz"])
    assert len(words) == 3


@pytest.mark.parametrize("count", [NEAR_MAX, NEAR_MAX + 1])
def test_only_so_many_words_are_near(words: Vocabulary, count: int) -> None:
    words.learn(f"lamp{one}{other}" for one in "abcdefgh" for other in "abcdefgh"[: count // 8 + 1])
    assert len(words.near("lampe")) <= NEAR_MAX


def test_the_nearer_ones_are_kept_and_of_those_the_first_that_were_learned(words: Vocabulary) -> None:
    words.learn([f"lamp{one}{other}" for one in "abcdefghi" for other in "abcdefgh"])
    words.learn(["lampf", "lampes"])
    near = words.near("lampe")
    assert set(near) >= {"lampf", "lampes"} and len(near) == NEAR_MAX
    assert "lampaa" in near and "lampih" not in near


@pytest.mark.parametrize(
    ("chars", "taken"),
    [(WORD_CHARS_MIN - 1, False), (WORD_CHARS_MIN, True), (WORD_CHARS_MAX, True), (WORD_CHARS_MAX + 1, False)],
)
def test_words_have_so_many_letters(chars: int, taken: bool) -> None:
    assert written("a" * chars) == ({"a" * chars} if taken else set())


def test_words_are_made_of_letters_alone() -> None:
    assert written("Wall-panels WH1000XM4 d'été 500gb under_score\nLAMPE") == {"wall", "panels", "été", "lampe"}
