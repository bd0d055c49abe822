"""Where a product fell out of a search, as people read it: how far away it is, and what was tried in vain."""

from typing import Any

from freshet.show_whereabouts import whereabouts_lines

DEEP: dict[str, Any] = {
    "sku": "lamp-1",
    "partition": 0,
    "stage": "candidates",
    "says": "it is not among the best 100 of its partition: by meaning it is number 219, by words it is number 426",
    "meaning": {"score": 0.4575, "rank": 219},
    "words": {"score": 14.3466, "rank": 426},
    "last": {"meaning": 0.4889, "words": 16.7667},
    "tried": [
        {"setting": "mode", "before": "hybrid", "after": "words", "says": "by words alone", "rank": None, "among": 100},
        {
            "setting": "mode",
            "before": "hybrid",
            "after": "vector",
            "says": "by meaning alone",
            "rank": 34,
            "among": 100,
        },
    ],
    "smallest_change": None,
}


def test_what_is_too_deep_in_both_lists_is_told_how_deep_and_what_was_tried() -> None:
    assert whereabouts_lines(DEEP) == [
        f"lamp-1: {DEEP['says']} (candidates, partition 0)",
        "  its score by meaning is 0.458, that of the last of them 0.489; "
        "by words is 14.347, that of the last of them 16.767",
        "  tried: by words alone it would not be among the first 100 hits; by meaning alone it would be hit 34",
    ]


def test_what_holds_none_of_the_words_has_no_score_by_words() -> None:
    without = whereabouts_lines(DEEP | {"words": {"score": None, "rank": None}})
    assert without[1] == "  its score by meaning is 0.458, that of the last of them 0.489"
