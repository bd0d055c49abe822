"""One list out of what the shards have by words and by meaning, and the page of it that was asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain
from typing import Any, NamedTuple, Protocol

from schemas.fusion import Fused, fuse, in_turn
from schemas.hits import Hit
from schemas.personal import moved
from schemas.read_token import Offsets
from schemas.shard_messages import HitsAnswer, Near, ShardAnswer
from schemas.wishes import in_order
from serving.at_once import at_once
from serving.budget import Budget
from serving.lexical import ByWords

Answers = Mapping[int, ShardAnswer]
"""By partition; a partition that did not answer is missing."""


class Bodies(Protocol):
    async def hits(self, partition: int, skus: Sequence[str], budget: Budget, floor: Offsets) -> HitsAnswer: ...


class Nearness(NamedTuple):
    """Cosines of a product with the query and with the session, and how well it fits what is wished."""

    score: float
    affinity: float | None
    fit: float | None


@dataclass(frozen=True)
class Candidates:
    """All that was found by words and by meaning. A partition that gave no hits counts for neither."""

    answers: Answers
    words: ByWords
    strength: float = 0.0
    """What a session counts."""
    wished: bool = False
    """Whether the query wishes something beside its meaning."""

    @cached_property
    def near(self) -> dict[str, Nearness]:
        """By SKU; of what is near two things that the query may mean, to the likelier."""
        every = (found for answer in self.answers.values() for found in (answer.other_near, answer.near) if found)
        rows = chain.from_iterable(found.rows() for found in every)
        return {sku: Nearness(score, affinity, fit) for sku, score, affinity, fit in rows}

    @cached_property
    def held(self) -> dict[str, float]:
        """Scores by words, by SKU, without products that are not shown any more."""
        held: dict[str, float] = {}
        for partition, answer in self.answers.items():
            held |= self.words.of(partition)
            for sku in answer.gone:
                held.pop(sku, None)
        return held

    @cached_property
    def word_fits(self) -> dict[str, float]:
        """By SKU, of those found by words."""
        return {sku: fit for answer in self.answers.values() for sku, fit in answer.word_fits.items()}

    @cached_property
    def affinities(self) -> dict[str, float]:
        """By SKU, of the best by words and by meaning."""
        by_words = {sku: drawn for answer in self.answers.values() for sku, drawn in answer.word_affinities.items()}
        near = {sku: one.affinity for sku, one in self.near.items() if one.affinity is not None}
        return by_words | near

    def fused(self, strength: float) -> list[Fused]:
        """Best first. Of a query that may mean two things the hits of both take turns."""
        fused = self._fused([answer.near for answer in self.answers.values() if answer.near], strength)
        others = [answer.other_near for answer in self.answers.values() if answer.other_near]
        return in_turn(fused, self._fused(others, strength)) if others else fused

    def _fused(self, found: Sequence[Near], strength: float) -> list[Fused]:
        near = chain.from_iterable(one.fitted() for one in found)
        held = zip(self.held, self.held.values(), map(self.word_fits.get, self.held), strict=True)
        by_words = in_order(held, bool(self.word_fits))
        fused = fuse(in_order(near, self.wished), by_words, self.words.share)
        return moved(fused, self.affinities, strength) if strength else fused

    @cached_property
    def best(self) -> list[Fused]:
        return self.fused(self.strength)

    def partition(self, sku: str) -> int:
        """Which one has it."""
        return next(
            number
            for number, answer in self.answers.items()
            if sku in self.words.of(number)
            or any(near and sku in near.skus for near in (answer.near, answer.other_near))
        )

    def told(self, hit: Hit, fused: Fused) -> Hit:
        """With what it is ranked by."""
        near = self.near.get(fused.sku)
        return hit.model_copy(
            update={
                "relevance": round(fused.relevance, 6),
                "words": self.held.get(fused.sku),
                "score": near.score if near else None,
                "affinity": self.affinities.get(fused.sku),
                "fit": near.fit if near else self.word_fits.get(fused.sku),
            }
        )

    def explained(self, hits: Sequence[Hit]) -> dict[str, Any]:
        """By SKU of the hits: rank and score in each list."""
        places = {one.sku: one for one in self.best}
        return {
            hit.sku: {
                "relevance": hit.relevance,
                "words": {"rank": places[hit.sku].words_rank, "score": hit.words},
                "meaning": {"rank": places[hit.sku].near_rank, "score": hit.score},
            }
            for hit in hits
            if hit.sku in places
        }


async def whole(page: Sequence[Fused], candidates: Candidates, shards: Bodies, budget: Budget) -> list[Hit]:
    """The hits of a page. The shards sent along those that they thought would be needed; the rest is fetched."""
    known = {hit.sku: hit for answer in candidates.answers.values() for hit in answer.hits}
    missing: dict[int, list[str]] = {}
    for one in page:
        if one.sku not in known:
            missing.setdefault(candidates.partition(one.sku), []).append(one.sku)
    fetches = [
        budget.attempt(
            f"hits-{number}",
            partial(shards.hits, number, skus, budget, candidates.answers[number].state.offsets),
            None,
        )
        for number, skus in missing.items()
    ]
    for fetched in await at_once(fetches):
        known |= {hit.sku: hit for hit in fetched.hits} if fetched else {}
    return [candidates.told(known[one.sku], one) for one in page if one.sku in known]
