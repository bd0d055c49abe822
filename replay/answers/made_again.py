"""Makes an answer again: the query tier's own functions, its clock standing still, on the states that it saw.

What was answered then is not looked at here: `Heard` has none of it, and `differences.py` compares.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from replay.answers.recalled import (
    RecalledEncoding,
    RecalledPopular,
    RecalledReading,
    RecalledShards,
    RecalledSpelling,
    RecalledSynonyms,
    RecalledTastes,
    States,
)
from schemas.errors import StateRefused
from schemas.fallback import FALLBACK_STEPS
from schemas.heard import Heard, Shown, UnderstoodHeard
from schemas.hits import Hit
from schemas.ranking import RankInputs
from schemas.read_token import parse_tokens
from schemas.settings import ServingSettings
from schemas.shard_messages import ShardAnswer
from serving.budget import Budget
from serving.heard_record import shown_hit
from serving.history import History, LogReader
from serving.ranking.newness import Calendar
from serving.ranking.ranking import Ranking
from serving.search import Found, Stages
from serving.searching import Asking, facets_of, searched, shown_of
from serving.understanding.understand import Understood
from serving.whereabouts import whereabouts
from serving.wording import Others, Wording

BUDGET_S: Final = 1_000.0
"""The clock stands still: no stage is ever late, but those that were are away."""


class MadeAgain(NamedTuple):
    found: Found
    hits: list[Hit]
    shown: Shown
    degraded: list[str]
    rank: RankInputs | None
    answers: dict[int, list[ShardAnswer]]
    """Of the shards, by partition, search after search."""
    not_heard: list[str]
    """What was asked now and not then: the search took another way."""
    sku: dict[str, Any] | None = None
    """Where a product stood, if that was asked."""


def made_again(
    heard: Heard, states: States, sku: str | None = None, new_questions: bool = False, synonyms: Others | None = None
) -> MadeAgain:
    """Blocking. `sku`: where it stood is told too; `new_questions`: see RecalledShards; `synonyms`: instead of those
    that were used then. Raises what a bug raises."""
    return asyncio.run(_made_again(heard, states, sku, new_questions, synonyms))


async def _made_again(
    heard: Heard, states: States, sku: str | None, new_questions: bool, synonyms: Others | None
) -> MadeAgain:
    settings = ServingSettings.model_validate(heard.settings)
    shards, budget = RecalledShards(heard, states, new_questions), Budget(BUDGET_S, stopped)
    stages = Stages(
        RecalledEncoding(heard),
        RecalledTastes(heard),
        RecalledReading(heard),
        shards,
        _ranking(heard, settings),
        RecalledSpelling(heard),
        lambda text, asked: _understood(heard.put_right or heard.understood),
    )
    made = await searched(_asking(heard, settings, synonyms), stages, shards, budget, stopped)
    for _, error in budget.surprises:
        raise error
    hits, degraded = shown_of(heard.asked, made.found), sorted(budget.skipped)
    where = None if sku is None else await whereabouts(sku, heard.asked, made.found, shards, budget)
    return MadeAgain(
        made.found,
        hits,
        Shown(hits=[shown_hit(hit) for hit in hits], facets=facets_of(made.found)),
        degraded,
        made.found.ranked.inputs if made.found.ranked else None,
        dict(shards.searched),
        shards.not_heard,
        where,
    )


def no_log() -> LogReader:
    raise StateRefused("a replay takes the times of the log from the record")


def stopped() -> float:
    return 0.0


def _asking(heard: Heard, settings: ServingSettings, synonyms: Others | None) -> Asking:
    used = RecalledSynonyms(heard) if synonyms is None or not heard.asked.synonyms else synonyms
    return Asking(
        heard.asked,
        _understood(heard.understood),
        parse_tokens(heard.tokens),
        Wording(heard.joining, heard.doubting, used),
        settings.fallback_below,
        [step for step in FALLBACK_STEPS if step in heard.steps],
        [step for step in FALLBACK_STEPS if step in heard.cut],
    )


def _understood(one: UnderstoodHeard) -> Understood:
    return Understood(
        one.asked, one.meaning, one.price, one.wishes, tuple(one.notes), tuple(one.wanted), one.words, one.language
    )


def _ranking(heard: Heard, settings: ServingSettings) -> Ranking:
    ranking = Ranking(settings, RecalledPopular(heard), History(no_log), lambda: heard.now_ms, "")
    points = {int(at): [_point(point) for point in points] for at, points in heard.calendar.items()}
    ranking.calendar = Calendar(settings.generation, points)
    return ranking


def _point(point: Sequence[Any]) -> tuple[int, int]:
    offset, written_ms = point
    return offset, written_ms
