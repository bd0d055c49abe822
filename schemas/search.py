"""What a storefront asks and what it gets: requests, filters, hits, and what an answer was made from."""

from collections.abc import Iterator
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    WithJsonSchema,
    model_validator,
)

from schemas import limits
from schemas.catalogue_values import WANTED_MAX
from schemas.clicks import Session
from schemas.facet_ask import FacetAsks
from schemas.facet_counts import Counted, Counting, FacetCounts
from schemas.fallback import FALLBACK_BELOW_MAX, Fallback, FallbackSteps
from schemas.fusion import DEPTH
from schemas.grouping import Group, GroupField, GroupLimit
from schemas.highlight import Highlight
from schemas.ranking import RankerName, Traits
from schemas.read_token import Offsets, parse_tokens
from schemas.records import CONTENT_FIELDS, Content, ContentField, Offer, OrderField
from schemas.sorting import RELEVANCE, Sort
from schemas.spelling import Corrected, Doubt
from schemas.strict import Sku
from schemas.ways import OTHERS_MAX, OtherWays
from schemas.wishes import Wishes

FilterValues = Annotated[list[str], Field(min_length=1, max_length=limits.FILTER_VALUES_MAX)]


class Message(BaseModel):
    model_config = ConfigDict(
        strict=True, frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True
    )


class NumberRange(Message):
    """From `min` to `max`, both included; one of them may be left out."""

    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _range(self) -> "NumberRange":
        if self.min is None and self.max is None:
            raise ValueError("give min, max or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is greater than max")
        return self


def _facet_value(value: object) -> object:
    if not isinstance(value, (str, bool)):
        raise ValueError("must be a text, true or false; numbers are asked for as {min, max}")
    if isinstance(value, str) and len(value) > limits.FACET_TEXT_CHARS_MAX:
        raise ValueError(f"is longer than {limits.FACET_TEXT_CHARS_MAX} characters")
    return value


_TEXT_SCHEMA = {"type": "string", "maxLength": limits.FACET_TEXT_CHARS_MAX}
FacetValue = Annotated[
    str | bool, PlainValidator(_facet_value), WithJsonSchema({"anyOf": [_TEXT_SCHEMA, {"type": "boolean"}]})
]
FacetValues = Annotated[list[FacetValue], Field(min_length=1, max_length=limits.FILTER_VALUES_MAX)]


def _form(asked: object) -> str | None:
    return "values" if isinstance(asked, list) else "range" if isinstance(asked, (dict, NumberRange)) else None


AttributeFilter = Annotated[
    Annotated[FacetValues, Tag("values")] | Annotated[NumberRange, Tag("range")],
    Discriminator(
        _form,
        custom_error_type="attribute_filter",
        custom_error_message="must be a list of values, or an object with min, max or both",
    ),
]
"""A list: one of these values. Else numbers from min to max."""
AttributeFilters = Annotated[
    dict[Annotated[str, Field(max_length=limits.ATTRIBUTE_NAME_CHARS_MAX)], AttributeFilter],
    Field(min_length=1, max_length=limits.FACETS_MAX),
]
FilterList = Annotated[list["Filters"], Field(min_length=1, max_length=limits.FILTER_NODES_MAX)]


class Filters(Message):
    """All that are given must hold; within a list one is enough. `all`, `any` and `not` hold further filters."""

    model_config = ConfigDict(serialize_by_alias=True)

    brand: FilterValues | None = None
    """One of these."""
    category: Annotated[list[Annotated[list[str], Field(min_length=1)]], Field(min_length=1, max_length=100)] | None = (
        None
    )
    """Paths from the root; a path also matches everything below it."""
    price_min: Annotated[float, Field(ge=0)] | None = None
    price_max: Annotated[float, Field(ge=0)] | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None
    in_stock: bool | None = None
    attributes: AttributeFilters | None = None
    """By declared attribute (FRESHET_FACETS): a list of values, or numbers from `min` to `max`."""
    all: FilterList | None = None
    """Each of these filters must let the product pass."""
    any: FilterList | None = None
    """One of these filters must let the product pass."""
    not_: "Filters | None" = Field(default=None, validation_alias="not", serialization_alias="not")
    """This filter must not let the product pass; products that lack what it asks for do pass."""

    @property
    def empty(self) -> bool:
        """Whether everything passes because nothing is asked."""
        return self == NO_FILTERS

    def inside(self) -> "Iterator[tuple[str, Filters]]":
        """The filters that stand in this one, each with its place."""
        for word, filters in (("all", self.all), ("any", self.any)):
            yield from ((f"{word}.{number}", each) for number, each in enumerate(filters or ()))
        if self.not_ is not None:
            yield "not", self.not_

    @model_validator(mode="after")
    def _range(self) -> "Filters":
        if self.price_min is not None and self.price_max is not None and self.price_min > self.price_max:
            raise ValueError("price_min is greater than price_max")
        return self

    @model_validator(mode="before")
    @classmethod
    def _small(cls, data: object) -> object:
        """Before all else, so that a large tree costs nothing."""
        waiting, nodes = [(data, 1)], 0
        while waiting:
            node, depth = waiting.pop()
            nodes += 1
            if depth > limits.FILTER_DEPTH_MAX:
                raise ValueError(f"filters stand more than {limits.FILTER_DEPTH_MAX} deep in each other")
            inner = _inside(node)
            if nodes + len(waiting) + len(inner) > limits.FILTER_NODES_MAX:
                raise ValueError(f"there are more than {limits.FILTER_NODES_MAX} filters in each other")
            waiting += [(each, depth + 1) for each in inner]
        return data


def _inside(node: object) -> list[object]:
    """The filters that stand in one that has not been checked yet."""
    if isinstance(node, Filters):
        return [inner for _, inner in node.inside()]
    if not isinstance(node, dict):
        return []
    lists = [value for word in ("all", "any") if isinstance(value := node.get(word), list)]
    return [*(each for value in lists for each in value), *([node["not"]] if node.get("not") is not None else [])]


NO_FILTERS = Filters()


UnderstandStep = Literal["prices", "units", "negation", "brands", "categories", "attributes"]
UNDERSTAND_STEPS: Final[tuple[UnderstandStep, ...]] = get_args(UnderstandStep)


def _read_tokens(texts: list[str]) -> list[str]:
    parse_tokens(texts)
    return texts


class SearchRequest(Message):
    """What is searched."""

    text: Annotated[str, Field(max_length=limits.QUERY_CHARS_MAX)] = ""
    """What is searched. Empty: everything that passes the filters, newest first."""
    limit: Annotated[int, Field(ge=1, le=limits.HITS_MAX)] = 10
    """Hits a page."""
    page: Annotated[int, Field(ge=1)] = 1
    """Which page, from 1; page * limit is at most SEARCH_DEPTH_MAX (1,000)."""
    filters: Filters = Filters()
    facets: FacetAsks = []
    """What to count over the products that match: `["brand", "price", {"field": "category", "levels": 2}]`."""
    sort: Sort = RELEVANCE
    """Order of the hits: by relevance, or all that match by price or age (docs/search.md, Sorting)."""
    session: Session | None = None
    """The session of POST /v1/clicks: what it clicked moves its hits."""
    personalise: bool = True
    """Whether the session moves hits; if not it is only logged."""
    at_least: Annotated[list[str], AfterValidator(_read_tokens)] = []
    """What the answer must not be older than: event ids of POST /v1/catalog, `read_token` of earlier answers. What no
    shard holds in time is named in `degraded`, as `at_least-0`."""
    understand: Annotated[list[UnderstandStep], Field(max_length=len(UNDERSTAND_STEPS))] | None = None
    """What is read out of the query's words: `prices` ("under 50"), `units` ("500gb"), `negation` ("without fan"), and
    as the catalogue calls its things `brands` ("sony"), `categories` ("headphones"), `attributes` ("noise cancelling").
    `[]`: nothing; left out: what FRESHET_UNDERSTAND says. What was found is told in `understood`."""
    locale: Annotated[str, Field(max_length=limits.LOCALE_CHARS_MAX)] | None = None
    """Language of the query, such as `de` or `en-GB`; left out: that of FRESHET_LOCALE."""
    mode: Literal["hybrid", "words", "vector"] = "hybrid"
    """`words`: only by the words; `vector`: only by their meaning."""
    typing: bool = False
    """The last word may not be finished yet: words that begin like it count too. They do anyway where no product holds
    it as it is."""
    fallback: FallbackSteps | None = None
    """Which steps may be tried when too little is found: `drop`, `relax`, `meaning`, `bestsellers`, `newest`. `[]`:
    none; left out: what FRESHET_FALLBACK says. What gave the hits is told in `fallback`."""
    typos: bool | None = None
    """Whether misspelt words are put right, and compounds found that are written apart or together (docs/search.md);
    left out: as FRESHET_TYPOS says. What was searched instead is told in `corrected`."""
    synonyms: bool = True
    """Whether the shop's synonyms (FRESHET_SYNONYMS) count."""
    ranker: RankerName | None = None
    """`formula`: stock, popularity, newness and price move hits a little (docs/search.md); `none`: relevance alone;
    left out: what FRESHET_RANKER says."""
    mmr_lambda: Annotated[float, Field(ge=0, le=1)] | None = None
    """1: relevance only; less: hits that are unlike those above them, by category and price, come earlier; left out:
    what FRESHET_MMR_LAMBDA says."""
    group_by: GroupField | None = None
    """Shows at most `group_limit` of the hits that have the same `brand` or declared attribute, as `attributes.family`:
    variants of one thing, say."""
    group_limit: GroupLimit = 1
    highlight: Highlight = None
    """Adds `highlights` to each hit: texts with the query's words lit up. `true`: as by default."""
    fields: Annotated[list[ContentField], Field(max_length=len(CONTENT_FIELDS))] | None = None
    """Of the content only these, and the title; what is left out is null or empty. Left out: all."""
    explain: bool = False
    """Adds the time of each stage, where the query vector came from, candidates per shard, ranks and scores."""
    explain_sku: Sku | None = None
    """With `explain`: where this product is among the hits, or at which stage it fell out."""

    @model_validator(mode="after")
    def _depth(self) -> "SearchRequest":
        if self.page * self.limit > limits.SEARCH_DEPTH_MAX:
            raise ValueError(f"page * limit is above {limits.SEARCH_DEPTH_MAX}; narrow the search with filters")
        return self


class Hit(Message):
    """One product as the shard serves it."""

    sku: str
    relevance: float | None = None
    """What it is ranked by, 0..1, from words and meaning (docs/search.md); null where nothing was searched for."""
    words: float | None = None
    """How well it holds the query's words: comparable within one answer; null: not among the best by words."""
    score: float | None = None
    """Cosine of query and product, -1..1; null: not among the nearest, or there was no query vector."""
    affinity: float | None = None
    """Cosine of session and product, -1..1; null without a session, or too far down to be re-ranked."""
    fit: float | None = None
    """How well it fits what the query wishes beside its meaning: its score counts so many times. Null when nothing is
    wished, or too far down to be looked at."""
    content: Content
    offer: Offer | None = None
    """Null while price and stock are not here yet."""
    in_stock: bool = False
    """Whether it can be bought now."""
    group: Group | None = None
    """What it is grouped by; null without `group_by`, and where it has none: then it is a group of its own."""
    highlights: dict[str, str] = {}
    """By field HTML with the query's words lit up; empty unless it was asked for."""
    content_order: OrderField
    """Order of the event that made the content: at or past an event's order means that event is seen."""
    offer_order: OrderField | None = None


class UnderstandNote(Message):
    """A part of the query that was understood, and as what."""

    step: UnderstandStep
    text: str
    start: int
    """Place of its first character in the query, from 0; repeated white space counts as one."""
    end: int
    """Place after its last one."""
    means: str
    """In words."""


class UnderstoodQuery(Message):
    """What was read out of a query's words."""

    text: str
    """What was searched instead of the query."""
    filters: Filters | None = None
    """Filters that were added to those of the request; null when none were."""
    unwanted: list[str] = []
    """What products are not to have: those that have it come later."""
    notes: list[UnderstandNote] = []


class ShardState(Message):
    """Which state of one shard answered."""

    partition: int
    replica: int
    lineage: str
    """Names one life of the shard: a new one begins when it is built from the log again."""
    documents_offset: int
    """Next offset of `documents` that this state does not hold yet."""
    offers_offset: int

    @property
    def offsets(self) -> Offsets:
        return Offsets(self.documents_offset, self.offers_offset)


class Taste(Message):
    """Where a session looks, and how much that counts: see `schemas.personal`."""

    vector: str
    """base64 of little-endian fp16, shape (dim,), length 1 before rounding."""
    strength: Annotated[float, Field(ge=0, le=1)]


class WordsQuery(Message):
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
    documents: int = 0
    """The words of `documents` up to this offset are waited for."""
    budget_ms: Annotated[int, Field(ge=1)]


class WordsAnswer(Message):
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


class ShardQuery(Message):
    """What the query tier asks one shard process for one partition: the hits for a page, and what they are ranked by.

    With neither `vector` nor `words` the newest come first.
    """

    partition: int
    vector: str | None = None
    """base64 of little-endian fp16, shape (dim,)."""
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
    group_by: GroupField | None = None
    """Names the groups of all that is named."""
    group_limit: GroupLimit = 1
    """So many of each group among sorted hits."""
    budget_ms: Annotated[int, Field(ge=1)]


class Near(Message):
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


class HitsQuery(Message):
    """`POST /hits` of a shard process: whole hits of these products."""

    partition: int
    skus: Annotated[list[str], Field(min_length=1, max_length=limits.HITS_MAX)]


class VectorsQuery(Message):
    """`POST /vectors` of a shard process: the vectors of these products."""

    partition: int
    skus: Annotated[list[str], Field(min_length=1, max_length=limits.VECTOR_SKUS_MAX)]


class VectorsAnswer(Message):
    """Vectors by SKU; a product that is not shown is missing."""

    encoder: str
    vectors: dict[str, str]
    """base64 of little-endian fp16, shape (dim,)."""
    state: ShardState


class ShardAnswer(Message):
    """Hits best first (ties by SKU), and how many products pass the filters."""

    hits: list[Hit]
    matching: int
    near: Near | None = None
    """Null without a vector."""
    word_fits: dict[str, float] = {}
    """By SKU `Hit.fit` of those that were found by words; empty when nothing is wished."""
    word_affinities: dict[str, float] = {}
    """By SKU `Hit.affinity` of the best of those that were found by words; empty without a session."""
    gone: list[str] = []
    """Of the products that were found by words: those that this state does not show, or that do not pass."""
    traits: Traits = Traits()
    """Of the first DEPTH by meaning and by words."""
    groups: dict[str, Group] = {}
    """By SKU of the hits, of the nearest and of those found by words; those that are in none are missing."""
    counted: Counted | None = None
    """Null when nothing was to be counted, or the index of words that it takes is away."""
    state: ShardState


class HitsAnswer(Message):
    """Products that are not shown are missing."""

    hits: list[Hit]
    state: ShardState


class SearchResponse(Message):
    """Hits, and what they were made from."""

    request_id: str
    """Also in the header X-Request-Id, and the key of the record in `served`."""
    hits: list[Hit]
    """Best first, ties by SKU; where nothing was searched for newest first."""
    found: int
    """Products that match and pass the filters (docs/search.md, What matches), over the shards that answered."""
    facets: dict[str, FacetCounts] = {}
    """By field, those that were asked for."""
    page: int
    took_ms: float
    degraded: list[str]
    """What is missing, in words: the stages `encode` and `session`; `shard-0`: the products of this partition;
    `words-0`: its words, so its products were found by meaning alone;
    `correct-0`: its words as they were put right, so it was searched by those that were typed;
    `at_least-0`: that this partition is not older than was asked."""
    replayable: bool
    """Whether the served log keeps all that is needed to compute this answer again."""
    made_from: list[ShardState]
    """The state of each shard that answered."""
    read_token: list[str]
    """Given back as `at_least`: later answers are made from nothing older than this one."""
    encoder: str
    """Id of the encoder that made the query vector."""
    cached: bool = False
    """Whether this very answer was given before, and every shard said now that it would make it from the same state."""
    understood: UnderstoodQuery | None = None
    """Null when the query was searched as it stands."""
    fallback: Fallback | None = None
    """Null when the query itself found enough; else where the hits come from."""
    corrected: Corrected | None = None
    """What was searched instead of misspelt words; null when none were."""
    explain: dict[str, Any] | None = None
    """Null unless it was asked for. `session` is in it only for those who have the admin key, where one is set."""
