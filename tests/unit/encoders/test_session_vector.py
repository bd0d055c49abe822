"""A session's vector: the weighted mean of its products, the same bytes everywhere."""

import numpy as np
import pytest

from encoders.session_vector import is_sound, session_vector
from schemas.sessions import History, Item, Place, session_weights

PLACE = Place(7, 42)


def half(*numbers: float) -> bytes:
    vector = np.array(numbers, dtype=np.float64)
    return (vector / np.linalg.norm(vector)).astype("<f2").tobytes()


def history(*skus: str) -> History:
    return History(PLACE, tuple(Item(sku, "click", 0) for sku in skus))


def numbers(fp16: bytes) -> list[float]:
    return [float(number) for number in np.frombuffer(fp16, "<f2")]


def test_it_is_the_weighted_mean_at_length_one() -> None:
    found = session_vector(history("a", "b"), "fake", {"a": half(1, 0), "b": half(0, 1)})
    assert found and (found.place, found.encoder) == (PLACE, "fake")
    newest, older = session_weights(history("a", "b").items)
    assert numbers(found.fp16) == pytest.approx(
        [newest / np.hypot(newest, older), older / np.hypot(newest, older)], abs=1e-3
    )
    assert is_sound(found.fp16)


def test_products_without_a_vector_are_left_out() -> None:
    found = session_vector(history("gone", "a"), "fake", {"a": half(3, 4)})
    assert found and found.fp16 == half(3, 4)
    assert session_vector(history("gone"), "fake", {}) is None


def test_products_that_cancel_out_lead_nowhere() -> None:
    one = History(PLACE, (Item("a", "click", 0),))
    assert session_vector(one, "fake", {"a": np.zeros(4, "<f2").tobytes()}) is None


@pytest.mark.parametrize(
    ("fp16", "sound"),
    [
        (half(1, 2, 3), True),
        (half(1, 2, 3)[:-1], False),
        (np.array([1, 1], "<f2").tobytes(), False),
        (np.array([np.nan, 1], "<f2").tobytes(), False),
        (np.array([np.inf, 1], "<f2").tobytes(), False),
        (b"", False),
    ],
)
def test_only_vectors_of_length_one_are_sound(fp16: bytes, sound: bool) -> None:
    assert is_sound(fp16) is sound
