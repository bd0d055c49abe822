"""Answers that may be given again: only while every shard says, asked now, that it would make them from the same state.

The rule: an answer is kept with the offsets of each partition that it was made from, and only where the words' indexes
had caught up with these. Each time it is asked for again every partition is asked where it stands (a small question,
no search); unless all stand just there, the search is made anew. So a change that a shard shows is in the next answer,
cache or not. No answer that a session moved is ever kept, nor one that is incomplete or explained.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import orjson

from schemas.errors import FreshetError
from schemas.filters import Filters
from schemas.metrics import Metrics
from schemas.read_token import Offsets
from schemas.search import SearchRequest, SearchResponse
from schemas.served import Served
from schemas.shard_messages import ShardAnswer, WordsAnswer
from schemas.versions import VersionAnswer

KEEP_S: Final = 60.0
"""No answer is given again that is older: ranking follows what is popular and new, which no offset tells."""
ASK_TIMEOUT_S: Final = 0.05
"""A shard that takes longer to say where it stands is searched instead."""
OVERHEAD_BYTES: Final = 2_000
"""What an entry takes beside its JSON."""
NOT_ASKED: Final = frozenset({"session", "personalise", "at_least", "explain", "explain_sku"})
"""Fields of a request that no kept answer depends on: what these change is not kept."""


class Versions(Protocol):
    @property
    def partitions(self) -> range: ...

    async def version(self, partition: int, timeout_s: float) -> VersionAnswer: ...


@dataclass(frozen=True)
class Kept:
    """One answer."""

    response: bytes
    """JSON of a SearchResponse without what differs each time."""
    offsets: Mapping[int, Offsets]
    by_words: bool
    """Whether the words' indexes took part, which follow their shards by some 50 ms."""
    record: Served
    """What the served log gets of it, compact."""
    at_s: float

    @property
    def nbytes(self) -> int:
        return len(self.response) + OVERHEAD_BYTES

    def told(self, request_id: str, took_ms: float, *, cached: bool) -> bytes:
        """JSON of the answer, as that of one request."""
        head = orjson.dumps({"request_id": request_id, "took_ms": round(took_ms, 3), "cached": cached})
        return head[:-1] + b"," + self.response[1:]


class AnswerCache:
    """The last answers, at most `bytes_max` of them. Not thread-safe."""

    def __init__(
        self, bytes_max: int, metrics: Metrics, clock: Callable[[], float], ask_timeout_s: float = ASK_TIMEOUT_S
    ) -> None:
        self._bytes_max = bytes_max
        self._ask_timeout_s = ask_timeout_s
        self._clock = clock
        self._results = metrics.counter("freshet_answer_cache_total")
        self._size = metrics.gauge("freshet_answer_cache_bytes")
        self._kept: OrderedDict[bytes, Kept] = OrderedDict()
        self._nbytes = 0

    @property
    def on(self) -> bool:
        return self._bytes_max > 0

    async def find(self, key: bytes, shards: Versions) -> Kept | None:
        """The answer, if it is what the shards would answer now. Never raises."""
        kept = self._kept.get(key)
        if kept is None:
            self._results.labels(result="miss").inc()
            return None
        if self._clock() - kept.at_s <= KEEP_S and await _as_it_was(kept, shards, self._ask_timeout_s):
            self._results.labels(result="hit").inc()
            if key in self._kept:
                self._kept.move_to_end(key)
            return kept
        self._results.labels(result="stale").inc()
        self._forget(key)
        return None

    def holds(self, key: bytes) -> bool:
        return key in self._kept

    def put(self, key: bytes, response: SearchResponse, by_words: bool, record: Served) -> Kept:
        """A whole answer that was made `of_one_state`, and its compact record."""
        body = response.model_dump_json(exclude={"request_id", "took_ms", "cached"}).encode()
        offsets = {state.partition: state.offsets for state in response.made_from}
        kept = Kept(body, offsets, by_words, record, self._clock())
        self._forget(key)
        if kept.nbytes > self._bytes_max:
            return kept
        self._kept[key] = kept
        self._nbytes += kept.nbytes
        while self._nbytes > self._bytes_max:
            self._forget(next(iter(self._kept)))
        self._size.set(self._nbytes)
        return kept

    def _forget(self, key: bytes) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._nbytes -= kept.nbytes
            self._size.set(self._nbytes)


def key_of(request: SearchRequest, forced: Iterable[Filters], knows: Iterable[object]) -> bytes:
    """Of all that an answer depends on beside the shards: what is asked, what the asker may see of it (`forced`), and
    what the tier knows (`knows`: its encoder, what is popular, what the catalogue calls its things)."""
    asked = request.model_dump_json(exclude=set(NOT_ASKED))
    seen = [one.model_dump_json() for one in forced]
    return hashlib.sha256(orjson.dumps([asked, seen, [str(one) for one in knows]])).digest()


def of_one_state(words: Mapping[int, WordsAnswer], answers: Mapping[int, ShardAnswer]) -> bool:
    """Whether the words of every partition were found in the very state that its hits are from."""
    return all(
        one.settled and partition in answers and one.state.offsets == answers[partition].state.offsets
        for partition, one in words.items()
    )


async def _as_it_was(kept: Kept, shards: Versions, timeout_s: float) -> bool:
    """Whether all shards stand where they stood."""
    if set(kept.offsets) != set(shards.partitions):
        return False
    asked = (shards.version(partition, timeout_s) for partition in shards.partitions)
    answers = await asyncio.gather(*asked, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, FreshetError):
            raise answer
    return all(
        isinstance(answer, VersionAnswer)
        and answer.state.offsets == kept.offsets[answer.state.partition]
        and (answer.settled or not kept.by_words)
        for answer in answers
    )
