"""Faults of shoppers: searches that nobody types by accident must be answered or refused, in bounded time."""

import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, Final, NamedTuple

from freshet.drills.nasty import Nasty, nasty_queries
from freshet.drills.plain_http import http
from freshet.drills.stage import Stage
from schemas.errors import FreshetError

CLIENTS: Final = 2
AT_ONCE: Final = 50
COUNT_MAX: Final = 100_000
ANSWER_S_MAX: Final = 2.0
"""Bounded: a search's budget is 0.3 s, and what is not searched for costs less."""
REFUSED: Final = (400, 413)
NAMED_MAX: Final = 3


class Answered(NamedTuple):
    asked: Nasty
    status: int
    answer: Any
    took_s: float


def nasty(stage: Stage, process: str, lasts_s: float) -> None:
    """As many as two clients ask for so long, each time others. Raises FreshetError when one was answered as none may
    be."""
    url, until_s = stage.up.state().url, time.monotonic() + lasts_s
    drawn, seen = nasty_queries(stage.seed + len(stage.notes), COUNT_MAX), list[Answered]()

    def ask(one: Nasty) -> Answered:
        begun_s = time.monotonic()
        status, answer = http("POST", f"{url}/v1/search", one.body)
        return Answered(one, status, answer, time.monotonic() - begun_s)

    with ThreadPoolExecutor(CLIENTS) as clients:
        while time.monotonic() < until_s and (some := list(islice(drawn, AT_ONCE))):
            seen += clients.map(ask, some)
    statuses = Counter(str(one.status) for one in seen)
    stage.notes.append({"nasty": len(seen), "statuses": statuses, "max_s": round(max(one.took_s for one in seen), 3)})
    if found := wrong(seen):
        told = "; ".join(f"{one.asked.kind}: {one.status} after {one.took_s:.2f} s" for one in found[:NAMED_MAX])
        raise FreshetError(f"{len(found)} of {len(seen)} nasty searches were answered as none may be: {told}")


def wrong(seen: Iterable[Answered]) -> list[Answered]:
    """Neither answered nor refused, refused although nothing is wrong with it, or too slow."""
    return [
        one
        for one in seen
        if one.status not in (200, *REFUSED) or (one.asked.taken and one.status != 200) or one.took_s > ANSWER_S_MAX
    ]
