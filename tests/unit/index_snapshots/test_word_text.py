"""What of a product's words is indexed, and how often it counts."""

from typing import Any

import pytest

from index_snapshots.word_text import (
    CODE_CHARS_MAX,
    CODES_MAX,
    TEXT_CHARS_MAX,
    TITLE_TIMES,
    as_code,
    in_pairs,
    joined_forms,
    spoken,
)


def of(**content: Any) -> Any:
    return spoken("sku-1", {"title": "A lamp", **content}, {"colour"})


def test_a_title_counts_more_than_a_brand_and_that_more_than_a_description() -> None:
    found = of(title="oak", brand="birch", category=["pine"], description="fir", attributes={"colour": "elm"})
    counts = {word: found.text.split().count(word) for word in ("oak", "birch", "pine", "fir", "elm")}
    assert counts == {"oak": TITLE_TIMES, "birch": 2, "pine": 2, "fir": 1, "elm": 1}


def test_attributes_that_are_not_declared_stand_apart_and_numbers_say_nothing() -> None:
    found = of(attributes={"material": ["oak", "steel"], "watts": 7, "is_waterproof": True, "dimmable": False})
    assert found.attributes == "oak\nsteel\nis waterproof"
    assert "oak" not in found.text


@pytest.mark.parametrize("chars", [TEXT_CHARS_MAX, TEXT_CHARS_MAX + 1])
def test_what_comes_after_the_limit_is_not_indexed(chars: int) -> None:
    text = " " * (chars - 1) + "x"
    found = of(description=text, attributes={"colour": text, "note": text})
    assert ("x" in found.text) is (chars == TEXT_CHARS_MAX) is ("x" in found.attributes)


def test_codes_are_the_sku_and_what_names_the_product() -> None:
    attributes = {"EAN": ["0095205603217", "4006381333931"], "Model-Number": "WH-1000 XM4", "material": "a1b2c3"}
    assert of(attributes=attributes).codes == ["sku1", "95205603217", "4006381333931", "wh1000xm4"]


def test_a_model_that_is_a_sentence_or_a_word_is_no_code() -> None:
    long = "9" + "x" * CODE_CHARS_MAX
    assert of(attributes={"model": [long[:-1], long, "HDMI cable", True, None]}).codes == ["sku1", long[:-1]]


@pytest.mark.parametrize("count", [CODES_MAX - 1, CODES_MAX])
def test_codes_are_limited(count: int) -> None:
    assert len(of(attributes={"ean": [1_000 + number for number in range(count)]}).codes) == CODES_MAX


def test_a_model_number_in_a_title_is_found_without_its_marks() -> None:
    assert list(joined_forms("Sony WH-1000XM4 over-ear, 4.5 m")) == ["wh1000xm4", "45"]
    assert "wh1000xm4" in of(title="Sony WH-1000XM4").text.split()


def test_barcodes_have_no_leading_zeros_and_other_codes_keep_them() -> None:
    assert [as_code(text) for text in ("0095205603217", "00-12", "00000000", "Ä-1 b")] == [
        "95205603217",
        "0012",
        "0",
        "ä1b",
    ]


def test_signs_without_spaces_become_pairs() -> None:
    assert in_pairs("Sony 無線耳機 x").split() == ["Sony", "無線", "線耳", "耳機", "x"]
    assert in_pairs("茶").split() == ["茶"] and in_pairs("무선 헤드폰").split() == ["무선", "헤드", "드폰"]
    assert in_pairs("café") == "café"
