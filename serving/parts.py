"""The parts of the query tier, as one frozen object that every handler gets."""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import cached_property

from aiohttp import web

from schemas.facets import Facets, parse_facets
from schemas.instantsearch import parse_indexes, parse_names
from schemas.metrics import Metrics
from schemas.search import SearchRequest
from schemas.settings import ServingSettings
from schemas.sorting import Sort
from schemas.tracing import NOT_TRACED, Tracer
from serving.adaptive_gate import AdaptiveGate
from serving.answer_cache import AnswerCache
from serving.changes import ChangeWatch
from serving.door import Door
from serving.feed import Feed
from serving.freshness import FreshnessMeter
from serving.gate import Gate
from serving.history import History
from serving.incident.beside import Beside
from serving.instantsearch.fields import Fields
from serving.instantsearch.tasks import Tasks
from serving.keys.access import Access
from serving.keys.audit import Audit
from serving.letters.resubmit import Resubmitting
from serving.logs import Log
from serving.outcomes import OutcomeCache
from serving.processes import ProcessWatch
from serving.query_vectors import QueryVectors
from serving.ranking.ranking import Ranking
from serving.read_floor import ReadFloor
from serving.search import Stages
from serving.served import ServedLog
from serving.shard_watch import Hints, ShardWatch
from serving.shards import Shards
from serving.spelling.spelling import Spelling
from serving.stuck.stuck import StuckProducts
from serving.suggest.popular import PopularQueries
from serving.synonyms.synonyms import Synonyms
from serving.tastes import Tastes
from serving.understanding.reading import reading_of
from serving.understanding.understand import Understood, understand
from serving.vocabulary_watch import VocabularyWatch
from streams.sessions import Sessions


@dataclass(frozen=True)
class Wiring:
    """Everything a request may need; `background` is entered at the start and left in reverse at the end."""

    settings: ServingSettings
    metrics: Metrics
    log: Log
    clock: Callable[[], float]
    """Monotonic seconds."""
    wall_ms: Callable[[], int]
    """Milliseconds since 1970: for people and logs, never for order."""
    new_request_id: Callable[[], str]
    access: Access
    audit: Audit
    door: Door
    clicks: Door
    searching: AdaptiveGate
    shards: Shards
    reading: ReadFloor
    watch: ShardWatch
    hints: Hints
    vectors: QueryVectors
    spelling: Spelling
    synonyms: Synonyms
    sessions: Sessions
    tastes: Tastes
    ranking: Ranking
    vocabulary: VocabularyWatch
    cache: AnswerCache
    served: ServedLog
    outcomes: OutcomeCache
    history: History
    ledger: History
    """Longer questions to the log, which must not hold up the others."""
    past: History
    """The same for spans of time: it fetches little at once, since it reads a little in many places."""
    stuck: StuckProducts
    beside: Beside
    resubmitting: Resubmitting
    freshness: FreshnessMeter
    changes: ChangeWatch
    processes: ProcessWatch
    feed: Feed
    suggesting: Gate
    popular: PopularQueries
    version: str
    tracer: Tracer = NOT_TRACED
    background: tuple[Callable[[], AbstractAsyncContextManager[None]], ...] = ()

    @cached_property
    def facets(self) -> Facets:
        """What products can be filtered by."""
        return parse_facets(self.settings.facets)

    @cached_property
    def fields(self) -> Fields:
        """What the attributes of the shop's records are here, for InstantSearch."""
        return Fields(parse_names(self.settings.instantsearch_names), self.facets)

    @cached_property
    def indexes(self) -> Mapping[str, Sort]:
        """By name, for InstantSearch."""
        return parse_indexes(self.settings.instantsearch_indexes)

    @cached_property
    def tasks(self) -> Tasks:
        """Of indexers that write by Algolia's clients."""
        return Tasks(self.settings.generation)

    @cached_property
    def stages(self) -> Stages:
        return Stages(
            self.vectors, self.tastes, self.reading, self.shards, self.ranking, self.spelling, self.understood
        )

    def understood(self, text: str, asked: SearchRequest) -> Understood:
        """What a text means, read as the request or the settings say, with the catalogue's own names."""
        how = reading_of(asked, self.settings)
        return understand(text, *how, self.watch.currencies(), self.vocabulary.now)


WIRING = web.AppKey("wiring", Wiring)
REQUEST_ID = web.RequestKey("request_id", str)
STARTED_S = web.AppKey("started_s", float)
"""When the application was made, by its clock."""
