"""Whether a product holds a size, in whatever way it is written."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index_snapshots.size_match import having
from schemas.wishes import Size, Spelling

INCH = ["inch", "in", '"', "”"]


def holds(content: Any, *spellings: Spelling) -> bool:
    return having([orjson.dumps(content)], Size(text="x", spellings=list(spellings))) == [True]


def one(number: str, *units: str, loose: bool = False) -> Spelling:
    return Spelling(numbers=[number], units=list(units), loose=loose)


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("SSD 500GB", True),
        ("SSD 500 GB", True),
        ("SSD 500-gb", True),
        ("SSD 500.0 GB", True),
        ("SSD 1500 GB", False),
        ("SSD 2.500 GB", False),
        ("SSD 500 GBit", False),
        ("SSD 500", False),
        ("SSD 5000 GB, then 500 GB", True),
    ],
)
def test_a_number_with_its_unit(title: str, found: bool) -> None:
    assert holds({"title": title}, one("500", "gb", "gigabyte")) is found


def test_inches() -> None:
    assert holds({"title": 'TV 15.6"'}, one("15", *INCH, loose=True))
    assert not holds({"title": 'TV 15.6"'}, one("15", *INCH))
    assert holds({"title": 'TV 15.6"'}, one("15.6", *INCH))
    assert holds({"title": "TV 15,6 inch"}, one("15.6", *INCH))
    assert not holds({"title": "TV", "size": "15"}, one("15", *INCH))  # the quote that ends a text is no inch


def test_dimensions() -> None:
    way = Spelling(numbers=["30", "40"], units=["cm"])
    for title in ("Frame 30x40 cm", "Frame 30 × 40", "Frame 30cm x 40cm", "Frame 30 x 40cm"):
        assert holds({"title": title}, way)
    for title in ("Frame 30x400 cm", "Frame 130x40 cm", "Frame 30x40 inches", "Frame 30, 40 cm"):
        assert not holds({"title": title}, way)
    assert holds({"title": "Rug 5 x 7"}, Spelling(numbers=["5", "7"], units=[]))


def test_fractions() -> None:
    assert holds({"title": "Pipe 1/2 in"}, one("1/2", *INCH)) and not holds({"title": "Pipe 1/2 in"}, one("2", *INCH))


@pytest.mark.parametrize(
    ("attributes", "found"),
    [
        ({"weight_kg": 2.5}, True),
        ({"Weight (kg)": "2.5"}, True),
        ({"weight kg": 2.50}, True),
        ({"weight": 2.5}, False),
        ({"weight_kg": 12.5}, False),
        ({"weight_kg": 2.55}, False),
    ],
)
def test_a_unit_in_the_name_of_an_attribute(attributes: dict[str, Any], found: bool) -> None:
    assert holds({"attributes": attributes}, one("2.5", "kg")) is found


@given(
    st.text(max_size=80),
    st.from_regex(r"[0-9]{1,4}(\.[0-9]{1,2})?", fullmatch=True),
    st.sampled_from(["cm", '"', "kg"]),
)
def test_any_text_is_read(text: str, number: str, unit: str) -> None:
    holds({"title": text}, one(number, unit))
    assert holds({"title": f"{text} {number} {unit}"}, one(number, unit))
