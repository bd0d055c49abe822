"""The words' side of a search: what each partition found by words, and how much they count in this query."""

from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Protocol

from schemas.facet_counts import NOTHING_LOOKED_UP, LookedUp
from schemas.filters import Filters
from schemas.fusion import DEPTH, trust
from schemas.limits import SEARCH_DEPTH_MAX
from schemas.read_token import Offsets
from schemas.search import SearchRequest
from schemas.shard_messages import WordsAnswer, WordsQuery
from schemas.spelling import Doubt
from serving.at_once import at_once
from serving.budget import Budget
from serving.grouping import deeper
from serving.spelling.merge import agreed
from serving.wording import AS_TYPED, Wording

TIME_SHARE = 0.5
"""The words may take this share of the time left: what they take is missing for the rest."""
TIME_SHARE_WAITING = 0.75
"""The same where they are to hold what a client has seen."""


class WordRetrieval(Protocol):
    @property
    def partitions(self) -> range: ...

    async def words(self, query: WordsQuery, timeout_s: float, floor: Offsets | None = None) -> WordsAnswer: ...


@dataclass(frozen=True)
class ByWords:
    """What was found by words, by partition; a partition that did not answer is missing."""

    answers: Mapping[int, WordsAnswer] = field(default_factory=dict)
    looked_up: LookedUp = NOTHING_LOOKED_UP
    """What was asked for."""

    @cached_property
    def _scores(self) -> dict[int, dict[str, float]]:
        return {at: dict(zip(one.skus, one.scores, strict=True)) for at, one in self.answers.items()}

    def of(self, partition: int) -> dict[str, float]:
        """Scores by SKU, best first."""
        return self._scores.get(partition, {})

    @cached_property
    def doubts(self) -> list[Doubt]:
        """Words that no partition knows well."""
        return agreed([answer.doubts for answer in self.answers.values()])

    @property
    def behind(self) -> list[int]:
        """Partitions whose words did not hold in time what the client has seen."""
        return [partition for partition, answer in self.answers.items() if answer.behind]

    @cached_property
    def share(self) -> float:
        """What the words count against the meaning (`schemas.fusion.trust`): of the partition that has the best hit."""
        found = [answer for answer in self.answers.values() if answer.skus]
        if not found:
            return 0.0
        best = max(found, key=lambda answer: answer.scores[0])
        return trust(best.cover, code=any(answer.codes for answer in found))

    @property
    def holding(self) -> int:
        """Products that hold what was asked for: as many as were looked at, at most, of each partition."""
        return sum(answer.holding for answer in self.answers.values())

    def holding_without(self, left: str) -> int | None:
        """The same of a shorter text; None: not all partitions said it."""
        told = [answer.shorter.get(left) for answer in self.answers.values()]
        known = [count for count in told if count is not None]
        return sum(known) if known and len(known) == len(told) else None

    @cached_property
    def rarities(self) -> dict[str, float]:
        """Idf of the query's words as they are looked up, the least of all partitions; empty where it has only stop
        words."""
        found: dict[str, float] = {}
        for answer in self.answers.values():
            for word, rarity in answer.rarities.items():
                found[word] = min(rarity, found.get(word, rarity))
        return found

    @property
    def unknown(self) -> list[str]:
        """Words that no product holds."""
        every = [set(answer.unknown) for answer in self.answers.values()]
        return [word for word in self.rarities if every and all(word in each for each in every)]

    @property
    def found_any(self) -> bool:
        """Whether any product was found."""
        return any(answer.skus for answer in self.answers.values())

    @property
    def names_code(self) -> bool:
        """Whether the query names the code of a product."""
        return any(answer.codes for answer in self.answers.values())

    @property
    def unfiltered(self) -> int:
        """Products that hold all of the words, filters aside."""
        return sum(answer.unfiltered for answer in self.answers.values())

    def matching(self, partition: int) -> int:
        """Products of a partition that hold all of the words and pass the filters."""
        answer = self.answers.get(partition)
        return answer.matching if answer else 0

    def explained(self) -> dict[str, Any]:
        return {
            "share": round(self.share, 4),
            "matching": {str(partition): answer.matching for partition, answer in self.answers.items()},
            "unknown": self.unknown,
            "codes": sorted({code for answer in self.answers.values() for code in answer.codes}),
        }

    def doubted(self) -> dict[str, Any]:
        """By partition the words that it does not know, and which it has that are spelt like them."""
        return {
            str(partition): {
                doubt.word: {one.text: one.model_dump(exclude={"text"}) for one in doubt.candidates}
                for doubt in answer.doubts
            }
            for partition, answer in self.answers.items()
            if answer.doubts
        }


NO_WORDS = ByWords()
NO_FLOOR: Mapping[int, Offsets] = {}


async def by_words(
    text: str,
    request: SearchRequest,
    filters: Filters,
    shards: WordRetrieval,
    budget: Budget,
    looked_at: int = 1,
    wording: Wording = AS_TYPED,
    stage: str = "words",
    floors: Mapping[int, Offsets] = NO_FLOOR,
) -> ByWords:
    """All partitions side by side; `floors`: by partition, what they are to hold. Never raises: the budget leaves out
    and names, by `stage`, what is late or away."""
    if not text or request.mode == "vector":
        return NO_WORDS
    others = wording.others(text)
    queries = [
        WordsQuery(
            partition=partition,
            text=text,
            typing=request.typing,
            joining=wording.joining,
            doubts=wording.doubting,
            dropping=wording.dropping,
            others=others,
            limit=min(SEARCH_DEPTH_MAX, deeper(max(DEPTH, request.page * request.limit), request)),
            filters=filters,
            looked_at=looked_at,
            documents=floors[partition].documents if partition in floors else 0,
            budget_ms=1,  # set anew when it is sent
        )
        for partition in shards.partitions
    ]
    left_s = budget.left_s()

    def ask(query: WordsQuery) -> Coroutine[Any, Any, WordsAnswer]:
        floor = floors.get(query.partition)
        share = TIME_SHARE if floor is None else TIME_SHARE_WAITING
        return shards.words(query, left_s * share, floor)  # the router sees it end, and learns that a replica hangs

    asked = [budget.attempt(f"{stage}-{query.partition}", partial(ask, query), None) for query in queries]
    answers = await at_once(asked)
    found = {partition: answer for partition, answer in zip(shards.partitions, answers, strict=True) if answer}
    return ByWords(found, LookedUp(text=text, typing=request.typing, joining=wording.joining, others=others))
