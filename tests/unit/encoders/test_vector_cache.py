"""The cache is bounded, keyed by space and normalised text, and hands out what cannot be changed."""

import numpy as np
import pytest

from encoders.vector_cache import VectorCache, normalised_query

VECTOR = np.array([0.6, 0.8], np.float32)


def test_what_was_put_is_found_under_any_spacing() -> None:
    cache = VectorCache()
    cache.put("space", "red  dress ", VECTOR)
    found = cache.get("space", "\tred dress")
    assert found is not None
    assert found.tolist() == VECTOR.tolist()
    assert (cache.hits, cache.misses) == (1, 0)


def test_another_space_or_text_is_a_miss() -> None:
    cache = VectorCache()
    cache.put("space", "red", VECTOR)
    assert cache.get("other space", "red") is None
    assert cache.get("space", "blue") is None
    assert (cache.hits, cache.misses) == (0, 2)


def test_the_longest_unused_is_forgotten_at_one_more_than_the_limit() -> None:
    cache = VectorCache(vectors_max=2)
    cache.put("s", "a", VECTOR)
    cache.put("s", "b", VECTOR)
    assert len(cache) == 2
    assert cache.get("s", "a") is not None
    cache.put("s", "c", VECTOR)
    assert len(cache) == 2
    assert cache.get("s", "b") is None
    assert cache.get("s", "a") is not None
    assert cache.get("s", "c") is not None


def test_neither_side_can_change_a_kept_vector() -> None:
    cache = VectorCache()
    mine = VECTOR.copy()
    cache.put("s", "a", mine)
    mine[0] = 9.0
    found = cache.get("s", "a")
    assert found is not None
    assert found.tolist() == VECTOR.tolist()
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 9.0


def test_normalised_query_keeps_letters_and_joins_space() -> None:
    assert normalised_query("  Red\u00a0 dress\n") == "Red dress"
