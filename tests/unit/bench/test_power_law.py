"""A power law is found again from its own values, and not made up from too few."""

import pytest

from bench.power_law import PowerLaw, fitted


def test_a_power_law_is_found_again() -> None:
    sizes = [10_000, 100_000, 1_000_000]
    law = fitted(sizes, [PowerLaw(0.02, 0.75).at(size) for size in sizes])
    assert law is not None
    assert law.factor == pytest.approx(0.02) and law.exponent == pytest.approx(0.75)
    assert law.at(10_000_000) == pytest.approx(0.02 * 10_000_000**0.75)


def test_scattered_values_are_met_in_the_middle_of_their_logarithms() -> None:
    law = fitted([1, 1, 100, 100], [1.0, 4.0, 100.0, 400.0])
    assert law == pytest.approx(PowerLaw(2.0, 1.0))


@pytest.mark.parametrize(("sizes", "values"), [([], []), ([5], [1.0]), ([5, 5], [1.0, 2.0]), ([1, 2], [0.0, 1.0])])
def test_too_few_sizes_or_a_value_of_nothing_give_none(sizes: list[float], values: list[float]) -> None:
    assert fitted(sizes, values) is None
