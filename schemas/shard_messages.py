"""What the query tier asks a shard process about searches, and what that answers."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import (
    Field,
)

from schemas import limits
from schemas.catalogue_values import WANTED_MAX
from schemas.facet_counts import Counted, Counting
from schemas.fallback import FALLBACK_BELOW_MAX
from schemas.filters import Filters
from schemas.fusion import DEPTH
from schemas.grouping import Group, GroupField, GroupLimit
from schemas.hits import Hit, ShardState
from schemas.ranking import Traits
from schemas.sorting import POPULAR_SORTED_MAX, RELEVANCE, Sort
from schemas.spelling import Doubt
from schemas.strict import Strict
from schemas.ways import OTHERS_MAX, OtherWays
from schemas.wishes import Wishes


class Taste(Strict):
    """Where a session looks, and how much that counts: see `schemas.personal`."""

    vector: str
    """base64 of little-endian fp16, shape (dim,), length 1 before rounding."""
    strength: Annotated[float, Field(ge=0, le=1)]


class WordsQuery(Strict):
    """`POST /words` of a shard process: products of one partition that hold words of a query."""

    partition: int
    text: Annotated[str, Field(max_length=limits.QUERY_CHARS_MAX)]
    typing: bool = False
    joining: bool = False
    """Two neighbours may be one word of the catalogue, a number and its unit too, and the other way round."""
    doubts: bool = False
    """Asks which words no product holds, and which are spelt like them."""
    others: Annotated[list[OtherWays], Field(max_length=OTHERS_MAX)] = []
    """Synonyms of words of the text."""
    limit: Annotated[int, Field(ge=1, le=limits.SEARCH_DEPTH_MAX)]
    filters: Filters = Filters()
    looked_at: Annotated[int, Field(ge=1, le=FALLBACK_BELOW_MAX)] = 1
    """Of so many of the best is told whether they hold what was asked for."""
    dropping: bool = False
    """Asks, where fewer than `looked_at` do, how many hold the text without its least useful words."""
    documents: int = 0
    """The words of `documents` up to this offset are waited for."""
    budget_ms: Annotated[int, Field(ge=1)]


class WordsAnswer(Strict):
    """What one partition has by words, as of the last commit of its index."""

    skus: list[str] = []
    """Best first, ties by SKU."""
    scores: list[float] = []
    matching: int = 0
    """Products that hold all of the words and pass the filters."""
    unfiltered: int = 0
    """The same, filters aside."""
    cover: float = 0.0
    """Which share of the words the best one holds, by their rarity: 0..1."""
    codes: list[str] = []
    """Codes of products that the query names."""
    holding: int = 0
    """How many of those looked at hold what was asked for (`schemas.fallback.HOLDS_SHARE`), or one of the codes."""
    shorter: dict[str, int] = {}
    """The same by each shorter text (`schemas.shorter`), as this partition knows the words; empty: not asked, or the
    text has synonyms, which are another's."""
    rarities: dict[str, float] = {}
    """Idf of the query's words, in the order they stand there, without stop words."""
    unknown: list[str] = []
    """Of these the ones that no product holds, nor begins with."""
    doubts: list[Doubt] = []
    """Words that no product holds, in the order of the query."""
    settled: bool = False
    """Whether the index holds all that the state does."""
    missing: str = ""
    """Why the words cannot be searched now; empty: they were."""
    behind: bool = False
    """Whether the index did not hold in time what the question waited for."""
    state: ShardState


class ShardQuery(Strict):
    """What the query tier asks one shard process for one partition: the hits for a page, and what they are ranked by.

    With neither `vector` nor `words` the newest come first.
    """

    partition: int
    vector: str | None = None
    """base64 of little-endian fp16, shape (dim,)."""
    other_vector: str | None = None
    """Of another thing that the query may mean; needs `vector`. Hits of both take turns."""
    words: dict[str, float] = {}
    """SKUs of this partition that hold words of the query, with their scores, best first (`WordsAnswer`)."""
    words_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    """What words count against meaning: see `schemas.fusion`."""
    taste: Taste | None = None
    """Re-ranks the best of both; needs `vector` or `words`."""
    wishes: Wishes | None = None
    """Re-ranks the best of both by what they have."""
    wanted: Annotated[list[Filters], Field(max_length=WANTED_MAX)] = []
    """What the query names of the catalogue: `traits` tell how many of these a product would pass."""
    traits: bool = False
    """Whether the answer is to tell the traits of its best candidates."""
    limit: Annotated[int, Field(ge=1, le=limits.SEARCH_DEPTH_MAX)]
    """Whole hits."""
    depth: Annotated[int, Field(ge=1, le=limits.SEARCH_DEPTH_MAX)] = DEPTH
    """Nearest products that are named, with their scores."""
    filters: Filters = Filters()
    counting: Counting | None = None
    """What to count over the products that match."""
    sort: Sort = RELEVANCE
    """Of what matches; anything but relevance needs `counting`."""
    popular: Annotated[list[str], Field(max_length=POPULAR_SORTED_MAX)] = []
    """Sorted by popularity: SKUs of all partitions, the most popular first; all others come later, newest first."""
    group_by: GroupField | None = None
    """Names the groups of all that is named."""
    group_limit: GroupLimit = 1
    """So many of each group among sorted hits."""
    budget_ms: Annotated[int, Field(ge=1)]


class Near(Strict):
    """The nearest products of one partition, best first (ties by SKU); lists of equal length or empty."""

    skus: list[str]
    scores: list[float]
    """Cosine of query and product."""
    affinities: list[float | None] = []
    """Cosine of session and product; null outside the session's window, empty without a session."""
    fits: list[float | None] = []
    """See `Hit.fit`; empty when nothing is wished."""

    def rows(self) -> "Iterator[tuple[str, float, float | None, float | None]]":
        """SKU, score, affinity and fit of each."""
        none = [None] * len(self.skus)
        return zip(self.skus, self.scores, self.affinities or none, self.fits or none, strict=True)

    def fitted(self) -> "Iterator[tuple[str, float, float | None]]":
        """SKU, score and fit of each."""
        return zip(self.skus, self.scores, self.fits or [None] * len(self.skus), strict=True)


class HitsQuery(Strict):
    """`POST /hits` of a shard process: whole hits of these products."""

    partition: int
    skus: Annotated[list[str], Field(min_length=1, max_length=limits.HITS_MAX)]


class VectorsQuery(Strict):
    """`POST /vectors` of a shard process: the vectors of these products."""

    partition: int
    skus: Annotated[list[str], Field(min_length=1, max_length=limits.VECTOR_SKUS_MAX)]


class VectorsAnswer(Strict):
    """Vectors by SKU; a product that is not shown is missing."""

    encoder: str
    vectors: dict[str, str]
    """base64 of little-endian fp16, shape (dim,)."""
    state: ShardState


class ShardAnswer(Strict):
    """Hits best first (ties by SKU), and how many products pass the filters."""

    hits: list[Hit]
    matching: int
    near: Near | None = None
    """Null without a vector."""
    other_near: Near | None = None
    """Null without another vector."""
    word_fits: dict[str, float] = {}
    """By SKU `Hit.fit` of those that were found by words; empty when nothing is wished."""
    word_affinities: dict[str, float] = {}
    """By SKU `Hit.affinity` of the best of those that were found by words; empty without a session."""
    gone: list[str] = []
    """Of the products that were found by words: those that this state does not show, or that do not pass."""
    traits: Traits = Traits()
    """Of the first DEPTH by each meaning and by words."""
    groups: dict[str, Group] = {}
    """By SKU of the hits, of the nearest and of those found by words; those that are in none are missing."""
    counted: Counted | None = None
    """Null when nothing was to be counted, or the index of words that it takes is away."""
    words_at: int | None = None
    """Where something was counted: the offset of `documents` at which the index of words was committed; null: there is
    none."""
    digests: list[str] = []
    """Of the documents and of the offers of this state (`schemas.digests`)."""
    state: ShardState


class HitsAnswer(Strict):
    """Products that are not shown are missing."""

    hits: list[Hit]
    state: ShardState
