"""Where a product stands in a search, or fell out of it, and what would bring it to the front, as lines for people."""

from typing import Any, Final

import orjson

WEIGHT: Final = "FRESHET_RANK_"
WAYS: Final = ("meaning", "words")
"""In which candidates are found."""
CHARS_MAX: Final = 80
"""A longer value is only named: `--json` tells it."""


def whereabouts_lines(told: dict[str, Any]) -> list[str]:
    """`told`: `explain.sku` of an answer. What follows the first line is set in."""
    more = [f"  {told['hint']}"] if told.get("hint") else []
    if scores := [_needed(way, told) for way in WAYS if way in told.get("last", {}) and told[way].get("score")]:
        more += [f"  its score {'; '.join(scores)}"]
    for name, whose in (("score_of_first", "hit 1"), ("score_of_first_page", "the last of the first page")):
        if told.get(name) is not None:
            more.append(f"  its score is {told['rank_score']:.3f}, that of {whose} {told[name]:.3f}")
            if not (told["smallest_change"] or {}).get("setting", "").startswith(WEIGHT):
                more += ["  no weight of the ranking alone would bring it there"]
    if change := told.get("smallest_change"):
        instead = f"{change['setting']}={_value(change['after'])} instead of {_value(change['before'])}"
        instead = instead if len(instead) <= CHARS_MAX else change["setting"]
        says = f"{change['says']} ({instead}) it would be" if "says" in change else f"{instead} would make it"
        more += [f"  the smallest change: {says} hit {change['rank']}"]
    elif tried := told.get("tried"):
        more += [f"  tried: {'; '.join(map(_tried, tried))}"]
    return [f"{told['sku']}: {told['says']} ({told['stage']}, partition {told['partition']})", *more]


def _needed(way: str, told: dict[str, Any]) -> str:
    return f"by {way} is {told[way]['score']:.3f}, that of the last of them {told['last'][way]:.3f}"


def _tried(one: dict[str, Any]) -> str:
    place = f"not be among the first {one['among']} hits" if one["rank"] is None else f"be hit {one['rank']}"
    return f"{one['says']} it would {place}"


def _value(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else orjson.dumps(value).decode()
