"""Sizes are recognised with the ways in which products write them."""

import pytest
from hypothesis import given

from schemas.wishes import SIZES_MAX, SPELLINGS_MAX
from serving.understanding.sizes import find_sizes, wished
from serving.understanding.tokens import tokens_of
from tests.unit.serving.understanding.drawing import queries


def ways(text: str) -> list[list[str]]:
    found = find_sizes(tokens_of(text), text, ".")
    return [[" x ".join(way.numbers) + " " + (way.units or [""])[0] for way in one.size.spellings] for one in found]


def test_one_size_in_several_units() -> None:
    assert ways("500gb ssd") == ways("500 GB ssd") == [["500 gb", "0.5 tb"]]
    assert "500 gb" in ways("0.5 tb ssd")[0] and "0.5 tb" in ways("0.5tb")[0]
    assert {"2000 gb", "2048 gb"} <= {*ways("2 tb hdd")[0]}
    assert "1500 ml" in ways("olive oil 1.5 l")[0] and "150 cl" in ways("olive oil 1.5l")[0]
    assert "0.5 kg" in ways("flour 500 g")[0] and "0.5 kg" in ways("flour 500g")[0]
    assert "43.2 cm" in ways('17" laptop')[0] and "43.2 cm" in ways("17-inch laptop")[0]
    assert ways("30x40 cm frame")[0][:2] == ["30 x 40 cm", "300 x 400 mm"]
    assert ways("rug 5x7") == [["5 x 7 "]]
    assert ways("1/2 in. pipe")[0][:2] == ["1/2 inch", "0.5 inch"]
    assert ways("milk 1.5 l 6 pack")[1] == ["6 pack"]


def test_whole_inches_may_have_decimals() -> None:
    loose = [find_sizes(tokens_of(text), text, ".")[0].size.spellings[0].loose for text in ("15 inch", "15.6 inch")]
    assert loose == [True, False]


@pytest.mark.parametrize(
    "text", ["2 in 1 laptop", "5 in stock", "rtx2060", "iphone 8", "galaxy 10 a", "v8 juice", "1/0 in"]
)
def test_no_size(text: str) -> None:
    assert ways(text) == []


def test_limits_at_n_and_beyond() -> None:
    many = " ".join(f"{number} cm" for number in range(1, SIZES_MAX + 2))
    found = find_sizes(tokens_of(many), many, ".")
    assert (len(found), len(wished(found))) == (SIZES_MAX + 1, SIZES_MAX)
    assert len(wished(found[:SIZES_MAX])) == SIZES_MAX


@given(queries)
def test_any_text_is_read(text: str) -> None:
    tokens, after = tokens_of(text), 0
    for one in find_sizes(tokens, text, "."):
        assert after <= one.first < one.after <= len(tokens)
        assert 1 <= len(one.size.spellings) <= SPELLINGS_MAX and one.size.text in text
        after = one.after
