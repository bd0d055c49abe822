"""The ratio of `freshet bench import`, and when there is none."""

from typing import Any

import pytest

from freshet.run_bench_import import GOAL, NEW_SHARE_MIN, compared, lines, no_ratio

LOAD = (0.5, 0.25, 0.1)
DONE: dict[str, Any] = {
    "lines": 1000,
    "last_line": 1000,
    "sent": 1000,
    "acknowledged": 1000,
    "rejected": 0,
    "reasons": {},
    "cuts": 0,
    "outcomes": {"indexed": 1000},
    "unaccounted": 0,
    "searchable": 1000,
    "all_stages_passed": True,
    "sampled": 200,
    "sample_missing": [],
    "seconds": 6.25,
    "products_per_s": 160.0,
    "texts_encoded": 1000,
    "products_in_shop": 1000,
    "load_average": LOAD,
}
ENOUGH = int(NEW_SHARE_MIN * 1000)


def encoder(texts_per_s: float) -> dict[str, Any]:
    return {"texts_per_s": texts_per_s, "load_average": LOAD}


def test_the_ratio_is_to_the_middle_of_before_and_after() -> None:
    figures = compared(encoder(190.0), DONE, encoder(210.0))
    assert (figures["encoder_texts_per_s"], figures["ratio"], figures["goal_reached"]) == (200.0, GOAL, True)
    assert compared(encoder(202.0), DONE, encoder(202.0))["goal_reached"] is False
    text = "\n".join(lines({**figures, "load_average_at_the_end": LOAD}))
    assert "160.0 products/s: 0.800 of the encoder alone" in text
    assert "200.0 texts/s (190.0 before, 210.0 after)" in text
    assert text.count("0.50 0.25 0.10") == 4


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"outcomes": {"indexed": ENOUGH, "unchanged": 1000 - ENOUGH}, "texts_encoded": ENOUGH}, None),
        ({"outcomes": {"indexed": ENOUGH - 1, "unchanged": 1001 - ENOUGH}}, "only 899 of 1,000 products were new"),
        ({"texts_encoded": ENOUGH - 1}, "only 899 texts were encoded"),
        ({"texts_encoded": None}, None),
        ({"all_stages_passed": False}, "did not come to its end"),
        ({"acknowledged": 0, "products_per_s": 0.0}, "did not come to its end"),
    ],
)
def test_no_ratio_without_the_encoders_work(changes: dict[str, Any], says: str | None) -> None:
    why = no_ratio(DONE | changes)
    assert says in why if says and why else why is None and says is None
    assert (compared(encoder(1.0), DONE | changes, encoder(1.0))["ratio"] is None) is bool(says)
