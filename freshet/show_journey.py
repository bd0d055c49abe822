"""`freshet sku SKU --journey` as lines for people."""

from collections.abc import Iterator
from typing import Any

from freshet.printing import local_time
from freshet.show_whereabouts import whereabouts_lines


def journey_lines(told: dict[str, Any]) -> Iterator[str]:
    yield f"{'sku':<10} {told['sku']}, partition {told['partition']}"
    yield f"{'now':<10} {told['now']}: {told['says']}"
    if told["waits_behind"]:
        yield f"{'before it':<10} {told['waits_behind']:,} records"
    if told["do"]:
        yield f"{'do':<10} {told['do']}"
    if where := told.get("search"):
        yield f"{'search':<10} for {where['text']!r}"
        yield from (f"{'':<10} {line}" for line in whereabouts_lines(where))
    for title, one in _titled("events", told["events"]):
        steps = one["steps"]
        outcome = one["outcome"] or "waits"
        received = _time(steps["received_ms"])
        yield f"{title:<10} {one['id']:<14} {received}  {one['type']:<10} {outcome:<14}{_took(one)}"
        yield f"{'':<10}   {one['says']}"
        others = (problem for problem in one["problems"] if problem["problem"] not in one["says"])
        yield from (f"{'':<10}   {problem['field'] or '(event)'}: {problem['problem']}" for problem in others)
        if one["do"]:
            yield f"{'':<10}   do: {one['do']}"
    if not told["complete"]:
        yield f"{'':<10} older events were not looked for"
    for title, one in _titled("replicas", told["replicas"]):
        if not one["answers"]:
            yield f"{title:<10} {one['replica']}: does not answer"
            continue
        shown = "shown" if one["shown"] else "not shown"
        newest = {True: ", the newest", False: ", not the newest yet", None: ""}[one["newest"]]
        yield (
            f"{title:<10} {one['replica']}: {shown}, content of {one['content_event'] or '-'}, "
            f"price and stock of {one['offer_event'] or '-'}{newest}"
        )


def _titled(title: str, found: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The title stands beside the first alone."""
    for nth, one in enumerate(found):
        yield title if nth == 0 else "", one


def _time(at_ms: int | None) -> str:
    return "-" if at_ms is None else local_time(at_ms)


def _took(event: dict[str, Any]) -> str:
    """How long after it was received each step was done."""
    steps, there = event["steps"], "gone from" if event["type"] == "delete" else "searchable on"
    received = steps["received_ms"]
    times = [("decided", steps["decided_ms"]), ("embedded", steps["embedded_ms"])]
    times += [(f"{there} replica {name}", at) for name, at in sorted(steps["searchable_ms"].items())]
    return ", ".join(f"{name} +{at - received} ms" for name, at in times if at is not None and received is not None)
