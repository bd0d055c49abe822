"""Tokens have places in the text, and phrases are found among them."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from serving.understanding.tokens import Phrases, glued, tokens_of, without
from tests.unit.serving.understanding.drawing import queries


@given(queries)
def test_each_token_is_where_it_says(text: str) -> None:
    tokens = tokens_of(text)
    for token in tokens:
        assert 0 <= token.start < token.end <= len(text) and token.text
        assert not text[token.start : token.end].isspace()
    assert all(one.end <= other.start for one, other in pairwise(tokens))
    covered = sum(token.end - token.start for token in tokens)
    assert covered == sum(not char.isspace() for char in text)


def test_numbers_units_and_words_come_apart() -> None:
    said = [token.text for token in tokens_of("500GB 15.6\" 1/2in 30x40cm W/O don’t wi-fi <=50€ 2''")]
    assert " ".join(said) == "500 gb 15.6 \" 1/2 in 30 x 40 cm w/o don't wi - fi <= 50 € 2 ''"
    assert [glued(tokens_of("5 m 5m"), at) for at in range(4)] == [False, False, False, True]


def test_the_longest_phrase_is_found_with_hyphens_between_its_words() -> None:
    phrases = Phrases.of(["no", "no frost", "no more than"])
    assert [phrases.at(tokens_of(text), 0) for text in ("no frost", "no-frost", "no more fun", "No", "frost", "")] == [
        *(2, 3, 1, 1, 0, 0)
    ]


@given(st.text(max_size=50), st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=4))
def test_what_is_taken_out_leaves_tidy_text(text: str, spans: list[tuple[int, int]]) -> None:
    left = without(text, [(min(span), max(span)) for span in spans])
    assert left == " ".join(left.split())


def test_signs_do_not_stay_alone() -> None:
    assert without("lamp (under 50)", [(6, 14)]) == "lamp"
    assert without("lamp, under 50", [(6, 14)]) == "lamp"
    assert without("under 50: lamp", [(0, 8)]) == "lamp"
