"""The query path on one screen: words, encoder and session side by side; all shards; one list; the page of it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple, Protocol

from schemas.facet_counts import Counting
from schemas.fusion import DEPTH
from schemas.hits import Hit
from schemas.limits import SEARCH_DEPTH_MAX
from schemas.read_token import Offsets, ReadToken
from schemas.search import SearchRequest
from schemas.shard_messages import HitsAnswer, ShardAnswer, ShardQuery, WordsAnswer, WordsQuery
from schemas.sorting import POPULAR_SORTED_MAX, RELEVANCE, Sort
from schemas.spelling import Corrected, Sense
from serving.at_once import at_once
from serving.budget import Budget
from serving.depth import depth
from serving.grouping import deeper, grouped, groups_of, told
from serving.lexical import ByWords, by_words
from serving.matched import Matched, counting_of, sent
from serving.merging import Candidates, whole
from serving.query_vectors import QueryVector
from serving.ranking.ranking import Ranked, Ranking
from serving.read_floor import NO_FLOORS, Floors
from serving.sorting import in_order, sort_of
from serving.spelling.context import NO_CONTEXT, Context
from serving.spelling.meaning import vectors_of
from serving.spelling.searched import Meant, Searched, Texts, search_words
from serving.tastes import TIMEOUT_S, Leaning
from serving.understanding.understand import Understood
from serving.wording import AS_TYPED, Wording

ENCODE_SHARE = 0.5
"""The encoder and the session may take this share of the time left: what they take is missing for the shards."""
CONTEXT_SHARE = 0.2
"""The encoder may take this share to tell which word goes with the others of a doubtful query: else each is judged
alone."""
SPARE_HITS = 10
"""Each shard sends so many whole hits more than the page reaches deep: which ones are on it, only all of them together
and the ranking tell, and what is missing then costs another question."""
WAIT_SHARE = 0.5
"""A replica that holds what the client has seen is waited for so long, beside the encoder."""


class Encoding(Protocol):
    async def of(self, text: str, timeout_s: float) -> QueryVector: ...


class Personal(Protocol):
    @property
    def on(self) -> bool: ...

    async def of(self, session: str, timeout_s: float) -> Leaning | None: ...


class Retrieval(Protocol):
    @property
    def partitions(self) -> range: ...

    async def words(self, query: WordsQuery, timeout_s: float, floor: Offsets | None = None) -> WordsAnswer: ...

    async def search(self, query: ShardQuery, budget: Budget, floor: Offsets | None = None) -> ShardAnswer: ...

    async def hits(self, partition: int, skus: Sequence[str], budget: Budget, floor: Offsets) -> HitsAnswer: ...


class Spelling(Protocol):
    async def context(self, text: str, words: ByWords, language: str, timeout_s: float, *, typing: bool) -> Context: ...

    def corrected(
        self, text: str, words: ByWords, language: str, context: Context, *, typing: bool
    ) -> Corrected | None: ...

    def senses(self, text: str, words: ByWords, language: str, context: Context, *, typing: bool) -> list[Sense]: ...


class Reading(Protocol):
    async def reach(self, tokens: Sequence[ReadToken], timeout_s: float) -> Floors: ...


@dataclass(frozen=True)
class Stages:
    """What a search goes through."""

    encoding: Encoding
    tastes: Personal
    reading: Reading
    shards: Retrieval
    ranking: Ranking
    spelling: Spelling | None = None
    """Puts right what the shards do not know, where the wording lets them tell."""
    read: Callable[[str, SearchRequest], Understood] | None = None
    """What a text means: asked of a query that was put right."""


class Asking(NamedTuple):
    """What all shards are asked alike."""

    nearest: int
    """Products that are named by meaning."""
    traits: bool
    counting: Counting | None
    sort: Sort
    popular: Sequence[str]
    """Where it is sorted by that, the most popular first."""


@dataclass(frozen=True)
class Found:
    """The page that was asked for, and what it was made from."""

    hits: list[Hit]
    understood: Understood
    candidates: Candidates
    vector: QueryVector | None
    """Of what it means most likely."""
    matched: Matched
    leaning: Leaning | None = None
    """None: the same for everyone."""
    depth: int = DEPTH
    """Nearest products that each partition was asked for."""
    corrected: Corrected | None = None
    """What was searched instead of misspelt words."""
    senses: Sequence[Sense] = ()
    """The two things that the query may mean, where it is in doubt: the hits of both take turns."""
    ranked: Ranked | None = None
    """None: nothing was searched for."""
    popular: Sequence[str] = ()
    """What it was sorted by, the most popular first."""

    @property
    def answers(self) -> Mapping[int, ShardAnswer]:
        """By partition; a partition that did not answer is missing."""
        return self.candidates.answers

    @property
    def found(self) -> int:
        """Products that match and pass the filters."""
        return self.matched.found


async def search(
    request: SearchRequest,
    understood: Understood,
    tokens: Sequence[ReadToken],
    stages: Stages,
    budget: Budget,
    looked_at: int = 1,
    wording: Wording = AS_TYPED,
) -> Found:
    """`looked_at`: of so many by words each shard says whether they hold what was asked for.

    Never raises because a stage is down: the budget leaves it out and names it.
    """
    reaching = _reaching(tokens, stages.reading, budget)
    looking = _looked_up(request, understood, reaching, stages, budget, max(1, looked_at), wording)
    found = (await looking, NO_FLOORS) if reaching.done() else await asyncio.gather(looking, reaching)
    (words, (vectors, leaning), meant), floors = found
    if meant.corrected is not None:
        understood = _put_right(understood, meant.corrected.text, request, stages.read)
    partitions = stages.shards.partitions
    counting = counting_of(request, understood.meaning, words, meant=bool(vectors), partitions=len(partitions))
    sort = sort_of(request, counting)
    nearest = min(SEARCH_DEPTH_MAX, deeper(depth(budget.left_s(), request.page * request.limit), request))
    traits = sort == RELEVANCE and stages.ranking.looks(request)
    popular = stages.ranking.popular.first(POPULAR_SORTED_MAX) if sort == "popularity" else []
    asking = Asking(nearest, traits, sent(counting, sort), sort, popular)
    queries = [shard_query(request, understood, partition, vectors, words, leaning, asking) for partition in partitions]
    answers = await answers_of(queries, stages.shards, budget, floors)
    matched = Matched(counting, answers, words, understood.filters(request.filters))
    _name_missing(budget, too_old(answers, floors), words, matched, sort)
    candidates = Candidates(answers, words, leaning.strength if leaning else 0.0, not understood.wishes.empty)
    hits, ranked = await _page(request, understood, candidates, asking, stages, budget)
    leaning = leaning if candidates.best else None
    vector = vectors[0] if vectors else None
    return Found(
        hits, understood, candidates, vector, matched, leaning, nearest, *meant, ranked=ranked, popular=asking.popular
    )


async def _looked_up(
    request: SearchRequest,
    understood: Understood,
    reaching: Awaitable[Floors],
    stages: Stages,
    budget: Budget,
    looked_at: int,
    wording: Wording,
) -> Searched[tuple[Sequence[QueryVector], Leaning | None]]:
    """What is found by words, and the vectors, of the query or of what it is corrected to."""

    async def words_of(text: str, wording: Wording, stage: str = "words") -> ByWords:
        filters, floors = understood.filters(request.filters), (await reaching).offsets
        return await by_words(text, request, filters, stages.shards, budget, looked_at, wording, stage, floors)

    async def meant(texts: Texts, words: ByWords) -> Meant:
        spelling, language, typing = stages.spelling, understood.language, request.typing
        if spelling is None:
            return Meant()
        context = NO_CONTEXT
        if request.mode != "words":
            left_s = budget.left_s() * CONTEXT_SHARE
            context = await spelling.context(texts.words, words, language, left_s, typing=typing)
        corrected = spelling.corrected(texts.words, words, language, context, typing=typing)
        if request.mode == "words" or texts.words != texts.meaning:
            return Meant(corrected)
        return Meant(corrected, spelling.senses(texts.meaning, words, language, context, typing=typing))

    return await search_words(
        Texts(understood.looked_up, understood.meaning),
        partial(words_of, wording=wording),
        meant,
        partial(words_of, wording=wording.settled(), stage="correct"),
        lambda senses: _vectors(senses, request, stages.encoding, stages.tastes, budget),
    )


def _put_right(
    understood: Understood, text: str, request: SearchRequest, read: Callable[[str, SearchRequest], Understood] | None
) -> Understood:
    """What is named and which sizes are wished is read from the query as it was put right. `text`: what is left of it
    without its price and what is not wanted, which are those that were typed."""
    if read is None:
        return replace(understood, meaning=text)
    now = read(text, request)
    wishes = understood.wishes.model_copy(update={"sizes": now.wishes.sizes})
    return replace(understood, meaning=text, wishes=wishes, wanted=now.wanted)


def _name_missing(budget: Budget, behind: Sequence[int], words: ByWords, matched: Matched, sort: Sort) -> None:
    budget.skipped[:] = named_once(budget.skipped)
    budget.skipped += [f"at_least-{partition}" for partition in sorted({*behind, *words.behind})]
    budget.skipped += matched.missing(sort)


async def _page(
    request: SearchRequest,
    understood: Understood,
    candidates: Candidates,
    asking: Asking,
    stages: Stages,
    budget: Budget,
) -> tuple[list[Hit], Ranked | None]:
    """The hits that are shown, and how they were ranked; None: in another order, or nothing was searched for."""
    answers, ranked = candidates.answers, None
    groups = groups_of(answers)
    start, end = (request.page - 1) * request.limit, request.page * request.limit
    if asking.sort != RELEVANCE:
        hits = [*grouped(in_order(answers.values(), asking.sort, asking.popular), groups, request)[start:end]]
    elif candidates.best or (understood.meaning and request.mode == "words"):
        ranked = stages.ranking.ranked(request, candidates, candidates.best, len(understood.wanted))
        hits = await whole(grouped(ranked.hits, groups, request)[start:end], candidates, stages.shards, budget)
    else:
        hits = in_order(answers.values(), "newest")[start:end]
    return told(hits, groups), ranked


async def answers_of(
    queries: Sequence[ShardQuery], shards: Retrieval, budget: Budget, floors: Floors = NO_FLOORS, share: float = 1.0
) -> dict[int, ShardAnswer]:
    """Of all partitions side by side, by partition, in at most `share` of the time left."""
    asked = (partial(shards.search, query, budget, floors.offsets.get(query.partition)) for query in queries)
    attempts = [
        budget.attempt(f"shard-{query.partition}", ask, None, share) for query, ask in zip(queries, asked, strict=True)
    ]
    answers = zip(queries, await at_once(attempts), strict=True)
    return {query.partition: answer for query, answer in answers if answer}


async def _vectors(
    senses: Sequence[Sense], request: SearchRequest, encoding: Encoding, tastes: Personal, budget: Budget
) -> tuple[Sequence[QueryVector], Leaning | None]:
    """Of all that the query means and, side by side, of the session. A session alone ranks nothing."""
    if not senses[0].text:
        return (), None
    looking_up = _query_vectors(senses, request, encoding, budget)
    if not (request.session and request.personalise and tastes.on):
        return await looking_up, None
    vectors, leaning = await asyncio.gather(looking_up, _leaning(request.session, tastes, budget))
    if vectors and leaning and len(leaning.fp16) != len(vectors[0].fp16):
        budget.skipped.append("session")
        return vectors, None
    return vectors, leaning


async def _query_vectors(
    senses: Sequence[Sense], request: SearchRequest, encoding: Encoding, budget: Budget
) -> Sequence[QueryVector]:
    if request.mode == "words":
        return ()
    every = partial(vectors_of, senses, encoding, budget.left_s() * ENCODE_SHARE)
    return await budget.attempt("encode", every, (), ENCODE_SHARE)


async def _leaning(session: str, tastes: Personal, budget: Budget) -> Leaning | None:
    timeout_s = min(TIMEOUT_S, budget.left_s() * ENCODE_SHARE)
    return await budget.attempt("session", partial(tastes.of, session, timeout_s), None, ENCODE_SHARE)


def _reaching(tokens: Sequence[ReadToken], reading: Reading, budget: Budget) -> asyncio.Future[Floors]:
    """Done already where nothing is to be reached, as for most searches."""
    if tokens:
        return asyncio.create_task(_floors(tokens, reading, budget))
    nothing: asyncio.Future[Floors] = asyncio.get_running_loop().create_future()
    nothing.set_result(NO_FLOORS)
    return nothing


async def _floors(tokens: Sequence[ReadToken], reading: Reading, budget: Budget) -> Floors:
    every = Floors({}, sorted({token.partition for token in tokens}))
    reach = partial(reading.reach, tokens, budget.left_s() * WAIT_SHARE)
    return await budget.attempt("at_least", reach, every)


def too_old(answers: Mapping[int, ShardAnswer], floors: Floors) -> list[int]:
    """Partitions whose answer may lack what the client asked to see: not reached in time, or answered by a replica that
    is not there yet because the others failed."""
    behind = {
        partition
        for partition, floor in floors.offsets.items()
        if partition in answers and not floor.within(answers[partition].state.offsets)
    }
    return sorted(behind | {partition for partition in floors.late if partition in answers})


def named_once(skipped: Sequence[str]) -> list[str]:
    """Where a partition's products are missing, it goes without saying that its words are; and a query may have been
    encoded in vain as it was typed and as it was put right."""
    away = {name.removeprefix("shard-") for name in skipped if name.startswith("shard-")}
    once = dict.fromkeys(skipped)
    return [name for name in once if not (name.startswith(("words-", "correct-")) and name.split("-")[1] in away)]


def shard_query(
    request: SearchRequest,
    understood: Understood,
    partition: int,
    vectors: Sequence[QueryVector],
    words: ByWords,
    leaning: Leaning | None,
    asking: Asking,
) -> ShardQuery:
    """Each shard must give as many as the page reaches deep: all of them may come from one shard."""
    deep = request.page * request.limit
    vector, other = [*(one.fp16 for one in vectors), None, None][:2]
    searched = vector is not None or bool(words.of(partition))
    return ShardQuery(
        partition=partition,
        vector=vector,
        other_vector=other,
        words=words.of(partition),
        words_share=words.share,
        taste=leaning.taste if leaning else None,
        wishes=understood.wishes if searched and not understood.wishes.empty else None,
        wanted=list(understood.wanted) if asking.traits else [],
        traits=asking.traits,
        limit=min(SEARCH_DEPTH_MAX, deep + (SPARE_HITS if searched else 0)),
        depth=max(asking.nearest, deep),
        filters=understood.filters(request.filters),
        counting=asking.counting,
        sort=asking.sort,
        popular=list(asking.popular),
        group_by=request.group_by,
        group_limit=request.group_limit,
        budget_ms=1,  # set anew when it is sent
    )
