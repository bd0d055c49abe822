"""What an answer was made from beside the states of the shards: with it and them it is made again (docs/replay.md)."""

from typing import Any

from pydantic import Field

from schemas.filters import Filters
from schemas.hits import ShardState
from schemas.records import Record
from schemas.search import SearchRequest, UnderstandNote
from schemas.shard_messages import WordsAnswer
from schemas.spelling import Corrected, Sense
from schemas.suggest import ShardSuggestions
from schemas.ways import OtherWays
from schemas.wishes import Wishes


class UnderstoodHeard(Record):
    """How the query was read (`serving/understanding/understand.py`)."""

    asked: str
    meaning: str
    price: Filters
    wishes: Wishes
    wanted: list[Filters]
    notes: list[UnderstandNote]
    words: str | None = None
    language: str


class VectorHeard(Record):
    """What became of one text."""

    text: str
    fp16: str | None = None
    """base64 of little-endian fp16, shape (dim,): what the shards were asked with; None: there was none in time."""


class LeaningHeard(Record):
    """What was known of the session."""

    fp16: str | None = None
    """None: nothing was."""
    strength: float = 0.0
    away: bool = False
    """Whether it was not known in time."""


class WordsHeard(Record):
    """What one partition had by words."""

    asked: str
    """16 hex digits over the question."""
    answer: WordsAnswer | None = None
    """None: it did not answer in time."""


class ShardHeard(Record):
    """Which state of a partition was searched, how deep. It is searched again; what it answered is not kept here."""

    state: ShardState
    depth: int
    """Nearest products that it was asked for: how many depends on the time that was left."""
    words_at: int | None = None
    """See `ShardAnswer`."""
    digests: list[str]
    """Of the documents and offers of that state."""


class BodiesHeard(Record):
    """Of which state whole hits were fetched."""

    partition: int
    skus: list[str]
    state: ShardState | None = None
    """None: it did not give them in time."""


class FloorsHeard(Record):
    """What the answer must not be older than."""

    offsets: dict[str, list[int]]
    """By partition, of `documents` and of `offers`."""
    late: list[int]


class Heard(Record):
    """In the order in which it was asked for."""

    asked: SearchRequest
    """With the filters of the key."""
    settings: dict[str, Any]
    """Those of the query tier that an answer depends on, by name."""
    understood: UnderstoodHeard
    joining: bool
    doubting: bool
    """See `serving/wording.py`."""
    others: dict[str, list[OtherWays]] = Field(default_factory=dict)
    """Synonyms that were used, by text."""
    corrected: Corrected | None = None
    put_right: UnderstoodHeard | None = None
    """How it was read once it was put right; None: that was not asked."""
    senses: list[Sense] = Field(default_factory=list)
    """The two things that the query may mean, where it is in doubt: the hits of both take turns."""
    steps: list[str] = Field(default_factory=list)
    """Of the fallback ladder, those that were tried."""
    cut: list[str] = Field(default_factory=list)
    """Of these those that were cut off: no time was left, or they failed."""
    tokens: list[str] = Field(default_factory=list)
    floors: list[FloorsHeard | None] = Field(default_factory=list)
    vectors: list[VectorHeard] = Field(default_factory=list)
    sessions: list[LeaningHeard] = Field(default_factory=list)
    words: list[WordsHeard] = Field(default_factory=list)
    shards: dict[str, list[ShardHeard | None]] = Field(default_factory=dict)
    """By partition, search after search; None: it did not answer in time."""
    bodies: list[BodiesHeard] = Field(default_factory=list)
    names: dict[str, list[ShardSuggestions | None]] = Field(default_factory=dict)
    """What the partitions suggested, where a step of the ladder asked."""
    popularity: dict[str, float] = Field(default_factory=dict)
    """Of the ranked candidates those that were popular: 0..1."""
    popular: list[str] = Field(default_factory=list)
    """Sorted by popularity: of the hits those that were popular, best first."""
    best: dict[str, float] = Field(default_factory=dict)
    """What sold best of all, best first, where a step of the ladder asked: at most 1,000 products."""
    calendar: dict[str, list[list[int]]] = Field(default_factory=dict)
    """By partition, offsets of `catalog` and when they were written: by it products are new."""
    now_ms: int
    """The clock that stood over the ranking, ms since 1970."""
    sums: dict[str, str] = Field(default_factory=dict)
    """16 hex digits over each field, made with the answer: one that was changed later is found by it."""


class ShownHit(Record):
    sku: str
    relevance: float | None = None
    score: float | None = None
    body: str
    """16 hex digits over the whole hit, as it was shown."""


class Shown(Record):
    """What was answered: read when a replay has come to its own answer, never before."""

    hits: list[ShownHit]
    facets: dict[str, Any] = Field(default_factory=dict)
    """By field, as the answer had them."""
