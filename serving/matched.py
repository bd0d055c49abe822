"""Which products match a query, how many they are, and their facets: by one rule for all shards (docs/search.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from schemas.facet_counts import Counting, FacetCounts, Match
from schemas.filters import Filters
from schemas.limits import FACET_VALUES_SENT_MAX
from schemas.search import SearchRequest
from schemas.shard_messages import ShardAnswer
from schemas.sorting import RELEVANCE, Sort
from serving.facet_merge import merged
from serving.lexical import ByWords

ENOUGH: Final = 20
"""Where so many products hold all of the words, filters aside, they are what matches. Of fewer a shopper would see hits
that no facet counts; then what is found by meaning, or holds some of the words, matches too."""


def counting_of(request: SearchRequest, text: str, words: ByWords, *, meant: bool, partitions: int) -> Counting:
    """What the shards are to count. `text`: what is searched; `meant`: whether the query has a vector."""
    if not text or not (meant or request.mode == "words" or words.found_any):
        match: Match = "passing"  # nothing is searched by: the newest are shown
    elif words.names_code or words.unfiltered >= ENOUGH:
        match = "words"
    else:
        match = "candidates"
    limits = [max(ask.limit, ask.values) for ask in request.facets]
    return Counting(
        match=match,
        words=words.looked_up,
        facets=request.facets,
        sent_max=max([1, *limits]) if partitions == 1 else FACET_VALUES_SENT_MAX,
    )


def sent(counting: Counting, sort: Sort) -> Counting | None:
    """What the shards are told of it; None: they have said already how many match."""
    needed = counting.facets or sort != RELEVANCE or counting.match == "candidates"
    return counting if needed else None


@dataclass(frozen=True)
class Matched:
    """What the shards counted."""

    counting: Counting
    answers: Mapping[int, ShardAnswer]
    words: ByWords
    filters: Filters
    """All that were searched with."""

    @property
    def found(self) -> int:
        """Products that match and pass the filters, over the shards that answered."""
        return sum(self._matching(partition, answer) for partition, answer in self.answers.items())

    def _matching(self, partition: int, answer: ShardAnswer) -> int:
        if answer.counted is not None:
            return answer.counted.matching
        return answer.matching if self.counting.match == "passing" else self.words.matching(partition)

    @cached_property
    def facets(self) -> dict[str, FacetCounts]:
        """By field; of the shards that could count."""
        parts = [answer.counted.facets for answer in self.answers.values() if answer.counted is not None]
        counted = {ask.field: [part[ask.field] for part in parts if ask.field in part] for ask in self.counting.facets}
        return {ask.field: merged(ask, counted[ask.field], self.filters) for ask in self.counting.facets}

    def missing(self, sort: Sort) -> Sequence[str]:
        """Names of what is missing, where a partition could not tell what matches: `facets-0`, `sort-0`."""
        names = [*(["facets"] if self.counting.facets else []), *(["sort"] if sort != RELEVANCE else [])]
        return [f"{name}-{at}" for at, answer in self.answers.items() if answer.counted is None for name in names]
