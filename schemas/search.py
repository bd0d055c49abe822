"""What a storefront asks and what it gets: requests, answers, and what an answer was made from."""

from typing import Annotated, Any, Final, Literal, get_args

from pydantic import (
    AfterValidator,
    Field,
    model_validator,
)

from schemas import limits
from schemas.clicks import Session
from schemas.facet_ask import FacetAsks
from schemas.facet_counts import FacetCounts
from schemas.fallback import Fallback, FallbackSteps
from schemas.filters import Filters
from schemas.grouping import GroupField, GroupLimit
from schemas.highlight import Highlight
from schemas.hits import Hit, ShardState
from schemas.ranking import RankerName
from schemas.read_token import parse_tokens
from schemas.records import CONTENT_FIELDS, ContentField
from schemas.sorting import RELEVANCE, Sort
from schemas.spelling import Corrected, DidYouMean
from schemas.strict import Sku, Strict

UnderstandStep = Literal["prices", "units", "negation", "brands", "categories", "attributes"]


UNDERSTAND_STEPS: Final[tuple[UnderstandStep, ...]] = get_args(UnderstandStep)


def _read_tokens(texts: list[str]) -> list[str]:
    parse_tokens(texts)
    return texts


class SearchRequest(Strict):
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
    """Order of the hits: by relevance, or all that match by price, age or popularity (docs/search.md, Sorting)."""
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


class UnderstandNote(Strict):
    """A part of the query that was understood, and as what."""

    step: UnderstandStep
    text: str
    start: int
    """Place of its first character in the query, from 0; repeated white space counts as one."""
    end: int
    """Place after its last one."""
    means: str
    """In words."""


class UnderstoodQuery(Strict):
    """What was read out of a query's words."""

    text: str
    """What was searched instead of the query."""
    filters: Filters | None = None
    """Filters that were added to those of the request; null when none were."""
    unwanted: list[str] = []
    """What products are not to have: those that have it come later."""
    notes: list[UnderstandNote] = []


class SearchResponse(Strict):
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
    did_you_mean: DidYouMean | None = None
    """What else may be meant: a word that is rare here beside one that is spelt like it. It was not searched."""
    explain: dict[str, Any] | None = None
    """Null unless it was asked for by who may see all products. `session` is in it only for administrators."""
