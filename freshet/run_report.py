"""What `freshet report zero-results` does: reads the served log, asks the shop what it knows of each query now."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from freshet.exit_codes import OK
from freshet.http_door import HttpDoor
from freshet.printing import print_json, print_lines
from freshet.show_logs import since
from freshet.target import Target, find_target
from replay.missed_queries import Missed, MissedQuery, read_missed
from replay.missed_remedy import Evidence, Remedy, remedy
from schemas.suggest import SUGGEST_CHARS_MAX
from streams.reader import Reader

NEAREST = 10
"""Products by meaning that are looked at for a remedy."""
UNKNOWN_MAX = 3
"""Words of a query for which others are looked for."""


def zero_results(since_text: str, limit: int, remedies: bool, url: str, data: Path | None, as_json: bool) -> int:
    target = find_target(url, data, reads_kafka=True)
    since_s = since(since_text, time.time())
    missed = _read(target, since_s)
    shown = missed.often()[:limit]
    proposed = asyncio.run(_remedies(target, shown)) if remedies and shown else {}
    if as_json:
        print_json(
            {
                "since_ms": round(since_s * 1000),
                "searches": missed.searches,
                "found_too_little": sum(one.times for one in missed.queries.values()) + missed.further,
                "left_out": missed.partly,
                "queries": [facts(one, proposed.get(one.text)) for one in shown],
            }
        )
    else:
        print_lines(lines(missed, shown, proposed))
    return OK


def _read(target: Target, since_s: float) -> Missed:
    log = Reader(target.kafka)
    try:
        return read_missed(log, target.generation, target.partitions, round(since_s * 1000))
    finally:
        log.close()


async def _remedies(target: Target, shown: list[MissedQuery]) -> dict[str, Remedy]:
    async with HttpDoor(target.url, target.key) as door:
        return {one.text: remedy(await evidence(door, one)) for one in shown if one.text}


async def evidence(door: HttpDoor, query: MissedQuery) -> Evidence:
    """Asks the shop with the ladder switched off."""
    asked = {"text": query.text, "limit": NEAREST, "fallback": [], "explain": True}
    now = await door.post("/v1/search", {**asked, "fallback": ["meaning"]})
    near = await door.post("/v1/search", {**asked, "mode": "vector"})
    unknown = now["explain"]["words"]["unknown"]
    titles: list[str] = []
    for word in unknown[:UNKNOWN_MAX]:
        suggested = await door.post(
            "/v1/suggest", {"text": word[:SUGGEST_CHARS_MAX], "kinds": ["products"], "limit": NEAREST}
        )
        titles += [one["title"] for one in suggested["products"]]
    return Evidence(
        query.text,
        now["fallback"] is None and bool(now["hits"]),
        unknown,
        titles,
        [(hit["content"]["title"], hit["score"]) for hit in near["hits"] if hit["score"] is not None],
        [name for name, _ in query.relaxed.most_common()],
    )


def facts(query: MissedQuery, proposed: Remedy | None) -> dict[str, Any]:
    return {
        "text": query.text,
        "times": query.times,
        "sessions": len(query.sessions),
        "last_ms": query.last_ms,
        "request_id": query.request_id,
        "answered_by": dict(query.answered_by.most_common()),
        "tried": dict(query.tried.most_common()),
        "relaxed": dict(query.relaxed.most_common()),
        "dropped": dict(query.dropped.most_common()),
        "remedy": None if proposed is None else proposed._asdict(),
    }


def lines(missed: Missed, shown: list[MissedQuery], proposed: dict[str, Remedy]) -> Iterator[str]:
    total = sum(one.times for one in missed.queries.values()) + missed.further
    yield f"{total:,} of {missed.searches:,} searches found too little, {len(missed.queries):,} different queries"
    if missed.partly:
        yield f"{missed.partly:,} more while a part was away: left out"
    if shown:
        yield f"{'times':>7}{'sessions':>10}  {'answered by':<14}query"
    for one in shown:
        step = one.answered_by.most_common(1)[0][0]
        yield f"{one.times:>7,}{len(one.sessions):>10,}  {step:<14}{one.text or '(filters alone)'}"
        if one.text in proposed:
            yield f"{'':33}{proposed[one.text].kind}: {proposed[one.text].words}"
