"""Answers the searches that a thread took together, each on the view that is newest then."""

import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import orjson

from agents.shard import Kept
from index_snapshots.protocol import Half, Leaning, Offsets
from schemas.errors import Overloaded
from schemas.search import ShardQuery, ShardState

PLAIN_LIMIT_MAX: Final = 100
"""Hits of a plain search: each costs some microseconds to write."""
StateAt = Callable[[int, Offsets], ShardState]
"""The state of a partition at these offsets."""


class Question(NamedTuple):
    """A search that has been read and checked."""

    kept: Kept
    query: ShardQuery
    vector: Half | None
    leaning: Leaning | None
    deadline_s: float
    """Monotonic: not begun later than that."""

    @property
    def plain(self) -> bool:
        """Whether it costs what most searches cost: the nearest of all, not many, without a look at their bodies."""
        query = self.query
        return (
            self.vector is not None and query.filters.empty and query.wishes is None and query.limit <= PLAIN_LIMIT_MAX
        )


def answer_all(
    questions: Sequence[Question], state_at: StateAt, clock: Callable[[], float] = time.monotonic
) -> list[bytes | Exception]:
    """For each the JSON of a ShardAnswer, or what was wrong with it."""
    return [_answer(question, state_at, clock()) for question in questions]


def _answer(question: Question, state_at: StateAt, now_s: float) -> bytes | Exception:
    try:
        return answer(question, state_at, now_s)
    except Exception as error:  # noqa: BLE001  it is raised where the question came from
        return error


def answer(question: Question, state_at: StateAt, now_s: float) -> bytes:
    """Raises Overloaded when it is too late to begin, and what a search raises."""
    if now_s > question.deadline_s:
        raise Overloaded("the search's budget was over before it began", retry_after_s=0.1)
    view, query = question.kept.shard.view, question.query
    matches = view.search(question.vector, query.limit, query.filters, question.leaning, query.wishes)
    # A ShardAnswer, written without building one.
    parts = {
        "hits": view.hit_parts(matches.found),
        "matching": matches.matching,
        "state": state_at(query.partition, view.offsets).model_dump(),
    }
    return orjson.dumps(parts)
