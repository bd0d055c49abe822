"""The embedded text is title, brand, description."""

import pytest

from encoders.product_text import product_text


@pytest.mark.parametrize(
    ("title", "brand", "description", "expected"),
    [
        ("Dress", "Acme", "Red.", "Dress Acme Red."),
        ("Dress", None, "Red.", "Dress Red."),
        ("Dress", "", " \n", "Dress"),
        ("Dress", None, None, "Dress"),
    ],
)
def test_parts_that_are_not_blank_are_joined(
    title: str, brand: str | None, description: str | None, expected: str
) -> None:
    assert product_text(title, brand, description) == expected
