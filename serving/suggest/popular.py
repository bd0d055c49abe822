"""Queries that many have asked and that found something, from the served log; one that few have asked is nobody's
business."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import orjson
import xxhash

from index_snapshots.names import Fit, Names
from schemas.folding import normal
from streams.reader import LogRecord

POPULAR_MAX: Final = 20_000
"""Queries that are counted; beyond it the quarter goes that was asked least."""
SUGGESTED_MAX: Final = 5_000
"""Of these the ones that are suggested, those asked most: a single letter begins a tenth of them, 2 ms."""
POPULAR_CHARS_MAX: Final = 60
"""A longer query is no suggestion."""
HALF_LIFE_MS: Final = 86_400_000
"""What was asked a day ago counts half."""
RECORDS_MAX: Final = 50_000
"""Of the served log that a tier reads when it starts."""
BUILD_SHARE: Final = 1 / 20
"""Of its thread's time that may go into names, built of 5,000 queries in 30 ms."""
PRIVATE: Final = re.compile(r"@|\d{5,}|\d[\d\s/.-]{7,}\d")
"""Addresses, and numbers of orders, telephones and cards: never suggested, however many ask."""


class Popular(NamedTuple):
    text: str
    fit: Fit
    weight: float


class Known(NamedTuple):
    """Queries that may be suggested, as of one time."""

    names: Names
    texts: list[str]
    weights: list[float]


@dataclass(slots=True)
class _Query:
    weight: float = 0.0
    """As of `at_ms`."""
    at_ms: int = 0
    askers: set[int] | None = field(default_factory=set)
    """Hashes of those who asked; None: enough for it to be suggested."""


class PopularQueries:
    """One thread adds, any thread asks."""

    def __init__(
        self,
        askers_min: int,
        queries_max: int = POPULAR_MAX,
        suggested_max: int = SUGGESTED_MAX,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`askers_min`: so many different sessions (or requests without one) must have asked; 0: none is suggested."""
        self._askers_min = askers_min
        self._queries_max = queries_max
        self._suggested_max = suggested_max
        self._clock = clock
        self._build_s = -float("inf")
        self._queries: dict[str, _Query] = {}
        self._changed = False
        self._known = Known(Names(()), [], [])
        self._now_ms = 0

    def __len__(self) -> int:
        return len(self._queries)

    def add(self, records: list[LogRecord], live: bool = True) -> None:
        """What `served` holds: each a `schemas.served.Served`; what is none is left out."""
        if not self._askers_min:
            return
        for record in records:
            asked = _asked(record.value)
            if asked is not None:
                self._count(*asked)
        self._forget()
        if self._changed and self._clock() >= self._build_s:
            began_s = self._clock()
            self._build()
            self._build_s = began_s + (self._clock() - began_s) / BUILD_SHARE

    def suggested(self, typed: str, limit: int) -> list[Popular]:
        """Best first. What was typed itself is no suggestion."""
        known = self._known
        same = normal(typed)
        found = (Popular(known.texts[at], fit, known.weights[at]) for at, fit in known.names.fitting(typed))
        whole = (one for one in found if not one.fit.unmatched and one.text != same)
        return sorted(whole, key=lambda one: (one.fit, -one.weight, one.text))[:limit]

    def _build(self) -> None:
        """Makes what was added known."""
        self._changed = False
        many = {text: self._faded(one) for text, one in self._queries.items() if one.askers is None}
        texts = sorted(many, key=lambda text: (-many[text], text))[: self._suggested_max]
        self._known = Known(Names(texts), texts, [many[text] for text in texts])

    def _count(self, text: str, asker: str, at_ms: int) -> None:
        self._now_ms = max(self._now_ms, at_ms)
        query = self._queries.setdefault(text, _Query())
        query.weight = self._faded(query) + 1.0
        query.at_ms = self._now_ms
        if query.askers is not None:
            query.askers.add(xxhash.xxh3_64_intdigest(asker.encode()))
            query.askers = query.askers if len(query.askers) < self._askers_min else None
        self._changed = True

    def _faded(self, query: _Query) -> float:
        return float(query.weight * 0.5 ** ((self._now_ms - query.at_ms) / HALF_LIFE_MS))

    def _forget(self) -> None:
        if len(self._queries) > self._queries_max:
            ranked = sorted(self._queries, key=lambda text: -self._faded(self._queries[text]))
            self._queries = {text: self._queries[text] for text in ranked[: self._queries_max * 3 // 4]}


def _asked(value: bytes | None) -> tuple[str, str, int] | None:
    """A query that was finished, found what it asked for, and names nobody: its text, who asked, when."""
    try:
        record: dict[str, Any] = orjson.loads(value or b"null")
        text = normal(record["text"])
        asker = str(record.get("session") or record["request_id"])
        found = record["found"] > 0 and record["skus"] and record.get("fallback") is None
        if not text or len(text) > POPULAR_CHARS_MAX or PRIVATE.search(text) or not text.isprintable():
            return None
        if record.get("typing") or record["page"] != 1 or not found:
            return None
        return text, asker, int(record["at_ms"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        return None
