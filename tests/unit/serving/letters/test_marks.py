"""What is wrong is found in the text itself, wherever it stands."""

import pytest

from serving.letters.marks import marks, span_of

TEXT = (
    '{"sku": "a", "price" : {"amount": -1, "x": 2}, "category": ["a", ["b"]],\n "attributes": {"a.b": "1", "é\\"": 3}}'
)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("sku", '"a"'),
        ("price.amount", "-1"),
        ("price.currency", '{"amount": -1, "x": 2}'),
        ("category.1", '["b"]'),
        ("category.1.0", '"b"'),
        ("attributes.a.b", '"1"'),
        ('attributes.é"', "3"),
        ("title", None),
        ("sku.x", '"a"'),
        ("", None),
    ],
)
def test_the_value_of_a_field(field: str, value: str | None) -> None:
    span = span_of(TEXT, field)
    assert (TEXT[span.start : span.end] if span else None) == value


@pytest.mark.parametrize("text", ["", "{", '{"a": NaN}', "[1] 2", '{"a":1,}', "[" * 100_000, "9" * 5_000])
def test_text_that_is_no_json_has_one_mark_at_most_one_character_long(text: str) -> None:
    found = marks(text, [("a", "wrong")])
    assert [one.span is not None and one.span.end - one.span.start <= 1 for one in found] == [
        True
    ] or text == '{"a": NaN}'


def test_of_two_equal_names_the_last_counts() -> None:
    span = span_of('{"a": 1, "a": 2}', "a")
    assert span is not None and span.start == 14
