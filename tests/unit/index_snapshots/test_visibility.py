"""Which products are shown, case by case."""

import pytest

from index_snapshots.visibility import Document, OfferMark, deleted, visible

LIVE, DELETE = True, False


@pytest.mark.parametrize(
    ("document", "offer", "shown", "gone"),
    [
        (None, None, False, False),
        (None, OfferMark(5, LIVE, 5), False, False),  # held
        (None, OfferMark(5, DELETE), False, True),
        (Document(5, LIVE), None, True, False),
        (Document(5, DELETE), None, False, True),
        (Document(5, LIVE), OfferMark(5, LIVE, 5), True, False),
        (Document(5, LIVE), OfferMark(9, LIVE, 5), True, False),  # a later price
        (Document(5, LIVE), OfferMark(9, LIVE, 9), False, False),  # re-created; the new document is on its way
        (Document(5, LIVE), OfferMark(9, LIVE), True, False),
        (Document(5, LIVE), OfferMark(5, DELETE), False, True),
        (Document(5, LIVE), OfferMark(9, DELETE), False, True),  # the document's delete is on its way
        (Document(9, LIVE), OfferMark(5, DELETE), True, False),  # re-created; the new offer is on its way
        (Document(9, LIVE), OfferMark(5, LIVE, 5), True, False),
        (Document(9, DELETE), OfferMark(5, LIVE, 5), False, True),
        (Document(5, DELETE), OfferMark(9, LIVE, 9), False, False),
        (Document(9, DELETE), OfferMark(9, DELETE), False, True),
    ],
)
def test_shown_and_gone(document: Document | None, offer: OfferMark | None, shown: bool, gone: bool) -> None:
    assert visible(document, offer) is shown
    assert deleted(document, offer) is gone
