"""Whole numbers in addresses: what is one, and between which others."""

import pytest

from schemas.errors import InvalidRequest
from serving.whole_numbers import whole_number


@pytest.mark.parametrize("text", ["1", "100", "099"])
def test_a_number_at_the_limits_is_read(text: str) -> None:
    assert whole_number("limit", text, 1, 100) == int(text)


@pytest.mark.parametrize(
    "text", ["", "0", "101", "-1", "+1", "1.0", "1e1", " 1", "x", "\u0661", "\u00b2", "0001", "9" * 5_000]
)
def test_anything_else_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidRequest, match="must be a whole number from 1 to 100") as refused:
        whole_number("limit", text, 1, 100)
    assert [one.field for one in refused.value.problems] == ["limit"]
