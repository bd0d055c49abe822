"""The most popular products that pass filters: the tier knows which are popular, the shards which of them they show."""

from collections.abc import Sequence
from typing import Final

from schemas.filters import Filters
from schemas.search import SearchRequest
from schemas.shard_messages import ShardAnswer, ShardQuery, WordsAnswer
from schemas.sorting import RELEVANCE
from serving.budget import Budget
from serving.lexical import NO_WORDS, ByWords
from serving.matched import Matched, counting_of, sent
from serving.merging import Candidates, whole
from serving.search import Found, Retrieval, answers_of
from serving.understanding.understand import Understood

POPULAR_LOOKED_AT_MAX: Final = 1_000
"""The most popular products of all: of those the ones that pass are shown."""
NOTHING_SAID: Final = {"relevance": None, "words": None, "score": None}
"""They are there for what others did with them, not for the query."""


async def best_sold(
    request: SearchRequest, filters: Filters, popular: Sequence[tuple[str, float]], shards: Retrieval, budget: Budget
) -> Found:
    """`popular`: SKUs with how popular they are, best first. No hits where none of them passes."""
    deep = request.page * request.limit
    counting = counting_of(request, "", NO_WORDS, meant=False, partitions=len(shards.partitions))
    query = ShardQuery(
        partition=0,
        words=dict(popular),
        words_share=1.0,
        limit=deep,
        filters=filters,
        counting=sent(counting, RELEVANCE),
        budget_ms=1,  # set anew when it is sent
    )
    queries = [query.model_copy(update={"partition": partition}) for partition in shards.partitions]
    answers = await answers_of(queries, shards, budget)
    words = ByWords({partition: _shown(popular, answer) for partition, answer in answers.items()})
    # all partitions were asked for the same ones: what one of them does not show is another one's
    candidates = Candidates({at: answer.model_copy(update={"gone": []}) for at, answer in answers.items()}, words)
    hits = await whole(candidates.best[deep - request.limit : deep], candidates, shards, budget)
    shown = [hit.model_copy(update=NOTHING_SAID) for hit in hits]
    return Found(shown, Understood("", ""), candidates, None, Matched(counting, answers, NO_WORDS, filters))


def _shown(popular: Sequence[tuple[str, float]], answer: ShardAnswer) -> WordsAnswer:
    """Those that one partition shows, with what they are ranked by."""
    gone = set(answer.gone)
    found = {sku: share for sku, share in popular if sku not in gone}
    return WordsAnswer(skus=list(found), scores=list(found.values()), state=answer.state)
