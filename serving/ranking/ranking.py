"""Ranks the hits of a search: which stages, with which weights, and what is logged so that it can be done again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.fusion import Fused
from schemas.ranking import RANK_WINDOW, RankerName, RankInputs, RankWeights
from schemas.search import SearchRequest
from schemas.settings import ServingSettings
from serving.history import History
from serving.merging import Candidates
from serving.ranking.diversity import Diversity
from serving.ranking.features import Moment, window_of
from serving.ranking.formula import Formula
from serving.ranking.newness import DAY_MS, Calendar, read_calendar
from serving.ranking.popular import PopularNow
from serving.ranking.stage import Order, Stage, Window, window_from

CALENDAR_EVERY_S = 60.0
CALENDAR_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class Ranked:
    """The candidates of a search in the order in which they are shown, and what that follows from."""

    hits: Sequence[Fused]
    ranker: RankerName
    weights: RankWeights
    exact: bool
    mmr_lambda: float
    window: Window
    """As the stages got it."""
    placed: Order
    """What they made of it."""
    now_ms: int = 0
    """When that was, ms since 1970: by it products are new."""

    @property
    def scores(self) -> Mapping[str, float]:
        """By SKU what the stages made of those in the window."""
        return dict(zip(self.window.skus, self.placed.scores, strict=True))

    def explained(self, sku: str) -> dict[str, Any]:
        """Features and score of a hit; empty behind the window."""
        at = self.window.place.get(sku)
        if at is None:
            return {}
        return {"features": self.window.features(at), "rank_score": round(self.placed.scores[at], 6)}

    @property
    def told(self) -> dict[str, Any]:
        """By what the hits were ranked, for people who ask."""
        weights = self.weights.model_dump() if self.ranker == "formula" and not self.exact else {}
        return {"ranker": self.ranker, "weights": weights, "mmr_lambda": self.mmr_lambda, "window": RANK_WINDOW}

    @property
    def inputs(self) -> RankInputs:
        """What is logged of it."""
        return RankInputs(
            ranker=self.ranker,
            weights=self.weights,
            exact=self.exact,
            mmr_lambda=self.mmr_lambda,
            candidates=self.window.told(),
        )


class Ranking:
    """What ranks the searches of a query tier."""

    def __init__(
        self, settings: ServingSettings, popular: PopularNow, history: History, now_ms: Callable[[], int], topic: str
    ) -> None:
        self._settings = settings
        self.popular = popular
        self._history = history
        self._now_ms = now_ms
        self._topic = topic
        self.calendar = Calendar()
        """When the events of `catalog` were written, as of the last look."""
        self._weights = RankWeights(
            stock=settings.rank_stock,
            named=settings.rank_named,
            popularity=settings.rank_popularity,
            newness=settings.rank_newness,
            price=settings.rank_price,
        )

    async def refresh_calendar(self) -> None:
        """Raises Unavailable or Overloaded; then ages are told by the last one."""
        partitions, generation, now_ms = range(self._settings.partitions), self._settings.generation, self._now_ms()
        self.calendar = await self._history.ask(
            lambda log: read_calendar(log, self._topic, generation, partitions, now_ms), CALENDAR_TIMEOUT_S
        )

    def looks(self, request: SearchRequest) -> bool:
        """Whether it needs to know more of the candidates than their relevance."""
        return self._ranker(request) != "none" or self._mmr_lambda(request) < 1

    def ranked(self, request: SearchRequest, candidates: Candidates, best: Sequence[Fused], wanted: int = 0) -> Ranked:
        """`best`: the candidates by relevance; `wanted`: how many values of the catalogue the query names. What lies
        behind the window stays where it is."""
        name, mmr_lambda = self._ranker(request), self._mmr_lambda(request)
        exact = any(answer.codes for answer in candidates.words.answers.values())
        told = {partition: answer.traits for partition, answer in candidates.answers.items()}
        moment = Moment(self.calendar, self._now_ms(), self._settings.rank_new_days * DAY_MS)
        window = window_of(best[:RANK_WINDOW], told, wanted, self.popular, moment)
        placed = in_order(window, stages_of(name, self._weights, exact, mmr_lambda))
        hits = [*(best[at] for at in placed.places), *best[RANK_WINDOW:]]
        return Ranked(hits, name, self._weights, exact, mmr_lambda, window, placed, moment.now_ms)

    def _ranker(self, request: SearchRequest) -> RankerName:
        return self._settings.ranker if request.ranker is None else request.ranker

    def _mmr_lambda(self, request: SearchRequest) -> float:
        return self._settings.mmr_lambda if request.mmr_lambda is None else request.mmr_lambda


def stages_of(ranker: RankerName, weights: RankWeights, exact: bool, mmr_lambda: float) -> list[Stage]:
    """Where a code was typed the product that has it is meant: nothing but relevance counts."""
    stages: list[Stage] = [Formula(weights)] if ranker == "formula" and not exact else []
    return [*stages, Diversity(mmr_lambda)] if mmr_lambda < 1 else stages


def in_order(window: Window, stages: Sequence[Stage]) -> Order:
    found = Order(range(len(window.skus)), window.relevance)
    for stage in stages:
        found = stage.order(window, found)
    return found


def again(inputs: RankInputs) -> list[str]:
    """The SKUs of an answer's window in the order in which they were shown, computed anew from what was logged."""
    window = window_from(inputs.candidates)
    stages = stages_of(inputs.ranker, inputs.weights, inputs.exact, inputs.mmr_lambda)
    return [window.skus[at] for at in in_order(window, stages).places]
