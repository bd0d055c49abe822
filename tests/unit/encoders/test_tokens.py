"""Cutting a long text before it is tokenised never changes the tokens that are kept."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.models import BPE

from encoders.build import weights_folder
from encoders.errors import BundleRefused, EncodingFailed
from encoders.tokens import CHARS_PER_TOKEN_GUESS, TextTokenizer, head, is_unicode

CONTEXT = 8
CUT = CONTEXT * CHARS_PER_TOKEN_GUESS

words = st.text(st.sampled_from("aZé.-日\u0301\u200d\t\n0"), max_size=40)
texts = st.lists(words, max_size=40).map(" ".join)


@pytest.fixture(scope="module")
def path() -> Path:
    return weights_folder() / "tokenizer.json"


@pytest.fixture(scope="module")
def plain(path: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.enable_truncation(CONTEXT)
    return tokenizer


@pytest.fixture(scope="module")
def cutting(path: Path) -> TextTokenizer:
    return TextTokenizer(path, CONTEXT)


@settings(max_examples=200)
@given(text=texts)
def test_the_tokens_are_those_of_the_whole_text(cutting: TextTokenizer, plain: Tokenizer, text: str) -> None:
    assert cutting.tokenize([text]) == [plain.encode(text).ids]


@pytest.mark.parametrize(
    "text",
    [
        "x" * CUT,
        "x" * (CUT + 1),
        "x" * CUT + " tail",
        " " * CUT + "tail after the cut",
        ("\u200d" * 100 + " ") * 5 + "tail",
        "one " * CUT,
        "x" * 100 + " " + "y" * 5_000 + " tail",
    ],
)
def test_texts_around_the_cut(cutting: TextTokenizer, plain: Tokenizer, text: str) -> None:
    assert cutting.tokenize(["short", text, "short"])[1] == plain.encode(text).ids


def test_head_keeps_a_text_of_the_limit_and_cuts_one_character_more() -> None:
    assert head("ab cd", 5) == "ab cd"
    assert head("ab cde", 5) == "ab"
    assert head("ab cd ef", 5) == "ab cd"
    assert head("abcdefgh", 5) == "abcdefgh"


def test_lone_surrogates_are_named_by_index(cutting: TextTokenizer) -> None:
    with pytest.raises(EncodingFailed, match="text 2 of the batch") as caught:
        cutting.tokenize(["a", "b", "\udfff"])
    assert caught.value.index == 2
    assert is_unicode("\U0001f600")
    assert not is_unicode("\ud83d")


def test_a_file_that_is_no_tokenizer_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(BundleRefused, match="is not a tokenizer"):
        TextTokenizer(tmp_path / "tokenizer.json", CONTEXT)


def test_words_are_what_is_taken_whole(cutting: TextTokenizer, tmp_path: Path) -> None:
    assert {"light", "toilet", "heat"} <= cutting.words()
    assert not {"toliet", "heater"} & cutting.words()
    ends = Tokenizer(BPE({"a": 0, "cat</w>": 1, "ca": 2}, []))
    ends.save(str(tmp_path / "tokenizer.json"))
    assert TextTokenizer(tmp_path / "tokenizer.json", CONTEXT).words() == {"cat"}
