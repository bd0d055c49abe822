"""Vectors come back in the order of the texts, and a bad one names its text."""

import numpy as np
import pytest

from encoders.errors import EncodingFailed
from encoders.packing import Pack
from encoders.protocol import Vectors
from encoders.text_encoder import LENGTH_TOLERANCE, padded, unit_rows


def rows(*values: list[float]) -> Vectors:
    return np.array(values, np.float32)


def test_padding_is_zero_in_ids_and_mask() -> None:
    ids, mask = padded([[101, 7, 102], [101, 102], [101, 8, 9, 102]], Pack((2, 1), 5))
    assert ids.tolist() == [[101, 8, 9, 102, 0], [101, 102, 0, 0, 0]]
    assert mask.tolist() == [[1, 1, 1, 1, 0], [1, 1, 0, 0, 0]]
    assert ids.dtype == mask.dtype == np.int64


def test_rounding_is_corrected() -> None:
    unit = unit_rows(rows([1.001, 0.0], [0.0, 0.998]))
    assert unit.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), 1.0, atol=1e-6)


@pytest.mark.parametrize("bad", [[0.0, 0.0], [float("nan"), 0.0], [float("inf"), 0.0], [0.5, 0.0], [3.0, 4.0]])
def test_a_vector_without_a_direction_names_its_text(bad: list[float]) -> None:
    with pytest.raises(EncodingFailed, match="text 1 of the batch") as caught:
        unit_rows(rows([1.0, 0.0], bad, [0.0, 1.0]))
    assert caught.value.index == 1


def test_a_length_inside_the_tolerance_is_kept_and_one_outside_refused() -> None:
    unit_rows(rows([1.0 + LENGTH_TOLERANCE - 1e-4, 0.0]))
    with pytest.raises(EncodingFailed):
        unit_rows(rows([1.0 + LENGTH_TOLERANCE + 1e-4, 0.0]))


def test_no_rows_are_fine() -> None:
    assert unit_rows(np.zeros((0, 3), np.float32)).shape == (0, 3)
