"""Where a product stands in a search, or fell out of it, and what would bring it to the front, as lines for people."""

from typing import Any


def whereabouts_lines(told: dict[str, Any]) -> list[str]:
    """`told`: `explain.sku` of an answer. What follows the first line is set in."""
    more = [f"  {told['hint']}"] if told.get("hint") else []
    for name, whose in (("score_of_first", "hit 1"), ("score_of_first_page", "the last of the first page")):
        if told.get(name) is not None:
            more.append(f"  its score is {told['rank_score']:.3f}, that of {whose} {told[name]:.3f}")
            more += [] if told["smallest_change"] else ["  no weight of the ranking alone would bring it there"]
    if change := told.get("smallest_change"):
        instead = f"{change['setting']}={change['after']:g} instead of {change['before']:g}"
        more += [f"  the smallest change: {instead} would make it hit {change['rank']}"]
    return [f"{told['sku']}: {told['says']} ({told['stage']}, partition {told['partition']})", *more]
