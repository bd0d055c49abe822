"""What was found is found once, and the queries asked longest ago are forgotten."""

import numpy as np

from index_snapshots.places_kept import Places, PlacesKept


class Finder:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def ask(self, kept: PlacesKept, query: str, count: int) -> Places:
        def find() -> Places:
            self.asked.append(query)
            return np.full((2, count), len(query), np.int64)

        return kept.get(query, find)


def test_the_last_queries_are_kept_up_to_so_many_places() -> None:
    kept, finder = PlacesKept(places_max=10), Finder()
    first = finder.ask(kept, "a", 4)
    finder.ask(kept, "b", 6)
    assert finder.ask(kept, "a", 4) is first and not first.flags.writeable
    finder.ask(kept, "c", 1)  # one place more than are kept: b was asked longest ago
    finder.ask(kept, "a", 4)
    finder.ask(kept, "b", 6)
    assert finder.asked == ["a", "b", "c", "b"]


def test_what_is_larger_than_all_is_answered_but_not_kept() -> None:
    kept, finder = PlacesKept(places_max=3), Finder()
    assert finder.ask(kept, "a", 4).shape == (2, 4)
    finder.ask(kept, "a", 4)
    assert finder.asked == ["a", "a"]
