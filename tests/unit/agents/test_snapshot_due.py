"""When a shard writes a snapshot: at multiples of its documents, and of many more offers."""

import pytest

from agents.shard import OFFERS_PER_DOCUMENT, snapshot_is_due

EVERY = 100
OFFERS_EVERY = EVERY * OFFERS_PER_DOCUMENT


@pytest.mark.parametrize(
    ("before", "after", "due"),
    [
        ((0, 0), (99, OFFERS_EVERY - 1), False),
        ((99, 0), (100, 0), True),
        ((100, 0), (199, 0), False),
        ((150, 0), (420, 0), True),
        ((0, OFFERS_EVERY - 1), (0, OFFERS_EVERY), True),
        ((0, OFFERS_EVERY), (0, 2 * OFFERS_EVERY - 1), False),
    ],
)
def test_at_the_multiple_and_not_one_before(before: tuple[int, int], after: tuple[int, int], due: bool) -> None:
    then, now = ({"documents": documents, "offers": offers} for documents, offers in (before, after))
    assert snapshot_is_due(then, now, EVERY) is due
