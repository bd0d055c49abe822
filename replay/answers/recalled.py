"""What a search hears in a replay: what it heard then, from the record; the shards are searched again.

A question that was not asked then, or not answered, is away: the search leaves it out and names it, as it did then.
Where it is asked what if, new questions come up: those are put to the states that were searched then.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

import orjson

from agents.asked import Pinned
from agents.shard_question import question_of, vector_of
from agents.shard_search import Question, answer
from agents.shard_where import where
from index_snapshots.protocol import Offsets as Position
from schemas.errors import Unavailable
from schemas.heard import BodiesHeard, Heard, ShardHeard
from schemas.hits import Hit, ShardState
from schemas.read_token import Offsets, ReadToken
from schemas.sessions import History, Place
from schemas.shard_messages import HitsAnswer, ShardAnswer, ShardQuery, WordsAnswer, WordsQuery
from schemas.spelling import Corrected, Sense
from schemas.suggest import ShardSuggestions, SuggestQuery
from schemas.ways import OtherWays
from schemas.whereabouts import WhereAnswer, WhereQuery
from serving.budget import Budget
from serving.heard_record import question
from serving.lexical import ByWords
from serving.query_vectors import QueryVector
from serving.read_floor import Floors
from serving.spelling.context import NO_CONTEXT, Context
from serving.tastes import Leaning

T = TypeVar("T")
NO_HISTORY: Final = History(Place(0, 0), ())
"""The record holds the vector that was made of it."""
States = Mapping[tuple[int, Position, int | None], Pinned]
"""By partition, offsets and what its words had come to."""


class RecalledShards:
    """Searches the states that the answer was made from. `searched` keeps what they say, search after search."""

    def __init__(self, heard: Heard, states: States, new_questions: bool = False) -> None:
        """`new_questions`: what was not asked then is answered too."""
        self._states, self._new_questions = states, new_questions
        self._first = {int(at): next(filter(None, asked), None) for at, asked in heard.shards.items()}
        self.partitions = range(int(heard.settings["partitions"]))
        self._shards = {int(at): iter(asked) for at, asked in heard.shards.items()}
        self._names = {int(at): iter(asked) for at, asked in heard.names.items()}
        self._words: dict[str, list[WordsAnswer | None]] = defaultdict(list)
        for one in heard.words:
            self._words[one.asked].append(one.answer)
        self._bodies: dict[tuple[int, tuple[str, ...]], list[BodiesHeard]] = defaultdict(list)
        for body in heard.bodies:
            self._bodies[body.partition, tuple(body.skus)].append(body)
        self.searched: dict[int, list[ShardAnswer]] = defaultdict(list)
        self._last: dict[int, tuple[ShardState, Pinned]] = {}
        self.not_heard: list[str] = []
        """What was asked now and not then."""

    async def words(self, query: WordsQuery, timeout_s: float, floor: Offsets | None = None) -> WordsAnswer:
        answers = self._words[question(query)]
        if not answers and self._new_questions and (seen := self._first.get(query.partition)) is not None:
            return self._words_now(query, seen)
        if not answers:
            self.not_heard.append(f"words-{query.partition}: {query.text!r}")
        told = answers.pop(0) if answers else None
        if told is None:
            raise Unavailable(f"partition {query.partition} did not answer by words then")
        return told

    async def search(self, query: ShardQuery, budget: Budget, floor: Offsets | None = None) -> ShardAnswer:
        seen = self._next(self._shards, query.partition, "shard")
        if seen is None and self._new_questions:
            seen = self._first.get(query.partition)
        if seen is None:
            raise Unavailable(f"partition {query.partition} did not answer then")
        told = self._search(query, seen)
        self.searched[query.partition].append(told)
        return told

    async def hits(self, partition: int, skus: Sequence[str], budget: Budget, floor: Offsets) -> HitsAnswer:
        kept = self._bodies[partition, tuple(skus)]
        if not kept and self._new_questions:
            state, pinned = self._last[partition]
            return self._hits(pinned, skus, state)
        if not kept:
            self.not_heard.append(f"hits-{partition}: {', '.join(skus[:3])}")
        then = kept.pop(0).state if kept else None
        if then is None:
            raise Unavailable(f"partition {partition} did not give these hits then")
        return self._hits(self._states[partition, _position(then), None], skus, then)

    def _hits(self, pinned: Pinned, skus: Sequence[str], state: ShardState) -> HitsAnswer:
        view = pinned.view
        found = [one for one in map(view.found, skus) if one is not None]
        hits = [Hit.model_validate_json(orjson.dumps(part)) for part in view.hit_parts(found)]
        return HitsAnswer(hits=hits, state=state)

    async def suggest(self, query: SuggestQuery, budget: Budget) -> ShardSuggestions:
        told = self._next(self._names, query.partition, "suggest")
        if told is None:
            raise Unavailable(f"partition {query.partition} suggested nothing then")
        return told

    async def where(self, query: WhereQuery, budget: Budget) -> WhereAnswer:
        """Of the state that was searched last."""
        state, pinned = self._last[query.partition]
        _, told = where(pinned, query, vector_of(query.vector, pinned.view.identity.dim))
        return WhereAnswer.model_validate({**told, "state": state})

    def _words_now(self, query: WordsQuery, seen: ShardHeard) -> WordsAnswer:
        pinned = self._states[query.partition, _position(seen.state), seen.words_at]
        told = answer(Question(pinned, query, None, None, FOREVER_S), lambda partition, offsets: seen.state, 0.0)
        return WordsAnswer.model_validate_json(told)

    def _next(self, kept: Mapping[int, Iterator[T | None]], partition: int, what: str) -> T | None:
        """What was answered then; None: it was not."""
        try:
            return next(kept[partition])
        except (KeyError, StopIteration):
            self.not_heard.append(f"{what}-{partition}")
            return None

    def _search(self, query: ShardQuery, seen: ShardHeard) -> ShardAnswer:
        """As the shard process answers; its recorded depth, because that followed from the time that was left."""
        asked = query.model_copy(update={"depth": max(seen.depth, query.limit) if seen.depth else query.depth})
        pinned = self._states[query.partition, _position(seen.state), seen.words_at]
        self._last[query.partition] = seen.state, pinned
        told = answer(question_of(pinned, asked, FOREVER_S), lambda partition, offsets: seen.state, 0.0)
        return ShardAnswer.model_validate_json(told)


FOREVER_S: Final = 1e9


def _position(state: ShardState) -> Position:
    return Position(state.documents_offset, state.offers_offset)


class RecalledEncoding:
    def __init__(self, heard: Heard) -> None:
        self._vectors = list(heard.vectors)
        self._given_up = heard.understood.meaning if heard.corrected is not None or heard.senses else None

    async def of(self, text: str, timeout_s: float) -> QueryVector:
        for at, one in enumerate(self._vectors):
            if one.text == text:
                del self._vectors[at]
                if one.fp16 is not None:
                    return QueryVector(one.fp16, "cache")
                break
        if text == self._given_up:
            await asyncio.Event().wait()  # it was put right before it was encoded, and nobody waited any longer
        raise Unavailable("the query was not encoded in time then")


class RecalledTastes:
    def __init__(self, heard: Heard) -> None:
        self._leanings = iter(heard.sessions)
        self.on = float(heard.settings["personalise_strength"]) > 0

    async def of(self, session: str, timeout_s: float) -> Leaning | None:
        told = next(self._leanings, None)
        if told is None or told.away:
            raise Unavailable("the session was not looked up in time then")
        return None if told.fp16 is None else Leaning(NO_HISTORY, told.fp16, "kept", told.strength)


class RecalledReading:
    def __init__(self, heard: Heard) -> None:
        self._floors = iter(heard.floors)

    async def reach(self, tokens: Sequence[ReadToken], timeout_s: float) -> Floors:
        told = next(self._floors, None)
        if told is None:
            raise Unavailable("it was not known in time what the answer must not be older than")
        return Floors({int(at): Offsets(*offsets) for at, offsets in told.offsets.items()}, told.late)


class RecalledSpelling:
    def __init__(self, heard: Heard) -> None:
        self._corrected = heard.corrected
        self._meaning, self._senses = heard.understood.meaning, heard.senses

    async def context(self, text: str, words: ByWords, language: str, timeout_s: float, *, typing: bool) -> Context:
        """What followed from it is known."""
        return NO_CONTEXT

    def corrected(
        self, text: str, words: ByWords, language: str, context: Context, *, typing: bool
    ) -> Corrected | None:
        one = self._corrected
        return one if one is not None and one.original == text else None

    def senses(self, text: str, words: ByWords, language: str, context: Context, *, typing: bool) -> list[Sense]:
        return self._senses if text == self._meaning else []


class RecalledSynonyms:
    def __init__(self, heard: Heard) -> None:
        self._others = heard.others

    def of(self, text: str) -> list[OtherWays]:
        return self._others.get(text, [])


class RecalledPopular:
    """See `serving/ranking/popular.py`."""

    version = 0

    def __init__(self, heard: Heard) -> None:
        self._popularity, self._first = heard.popularity, heard.popular
        self._best = list(heard.best.items())

    def of(self, skus: Iterable[str]) -> list[float]:
        return [self._popularity.get(sku, 0.0) for sku in skus]

    def first(self, limit: int) -> Sequence[str]:
        return self._first[:limit]

    def best(self, limit: int) -> list[tuple[str, float]]:
        return self._best[:limit]

    async def refresh(self) -> None:
        """Nothing comes."""
