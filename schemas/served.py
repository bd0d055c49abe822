"""The served log: what was asked and answered, and from which state. Compact for every answer, full for some."""

from typing import Literal

from pydantic import Field

from schemas.facet_ask import FacetAsk
from schemas.facet_counts import Match
from schemas.fallback import Fallback, Tried
from schemas.filters import Filters
from schemas.grouping import Group
from schemas.heard import Heard, Shown
from schemas.hits import ShardState
from schemas.ranking import RankInputs
from schemas.records import SCHEMA_VERSION, Record
from schemas.sorting import RELEVANCE, Sort
from schemas.wishes import Wishes


class ServedHit(Record):
    """A candidate and its score; which version of the product follows from the state that `made_from` names."""

    sku: str
    score: float | None = None
    affinity: float | None = None
    """Cosine with the session's vector."""
    fit: float | None = None
    """What its score was multiplied with for what the query wishes."""


class ServedInputs(Record):
    """All that is needed to compute the answer again."""

    vector: str | None = None
    """base64 of little-endian fp16, shape (dim,): exactly what the shards were asked with, of what the query means
    most likely; None: newest first."""
    vector_from: str = ""
    """`cache` or `encoder`."""
    session_vector: str | None = None
    """The same of the session; None: it moved nothing."""
    session_strength: float | None = None
    """What it was multiplied with."""
    candidates: dict[str, list[ServedHit]]
    """The nearest of each partition, best first, by partition; without a query the newest: for every page up to the
    one that was asked for."""
    words: dict[str, dict[str, float]] = Field(default_factory=dict)
    """By partition what was found by words, with the scores: they are read from here, never computed again."""
    words_share: float = 0.0
    """What they counted (`schemas.fusion`)."""
    depth: int = 0
    """Nearest products that each partition was asked for (`serving/depth.py`); 0: not recorded then."""
    word_fits: dict[str, float] = Field(default_factory=dict)
    """What these were multiplied with for what the query wishes, by SKU."""
    word_affinities: dict[str, float] = Field(default_factory=dict)
    """Cosines of the best of these with the session's vector, by SKU."""
    gone: list[str] = Field(default_factory=list)
    """Of these the products that the shards' states did not show."""
    groups: dict[str, Group] = Field(default_factory=dict)
    """By SKU what they were grouped by."""
    popular: list[str] = Field(default_factory=list)
    """Of the candidates those that are popular, the most popular first: where it was sorted by that."""
    match: Match = "passing"
    """Which products counted as found (`schemas.facet_counts`)."""
    price: Filters | None = None
    """What the query's words say of the price: it was filtered by this too."""
    wishes: Wishes | None = None
    """What else they wish."""
    rank: RankInputs | None = None
    """What the fused list was ranked by; None: nothing was searched for."""
    spent_ms: dict[str, float]
    """By stage."""
    heard: Heard | None = None
    """By it the answer is made again (`freshet replay request`); None: it was logged before that was there."""
    shown: Shown | None = None
    """With it a replay is compared."""


class Served(Record):
    """Value in `served`, keyed by request id."""

    schema_version: Literal[1] = SCHEMA_VERSION
    request_id: str
    at_ms: int
    """When the answer was made, ms since 1970, by the query tier's clock."""
    kind: Literal["compact", "full"]
    """`full`: with `inputs`."""
    text: str
    corrected: dict[str, str] = Field(default_factory=dict)
    """What was searched instead of misspelt words of it."""
    limit: int
    page: int
    filters: Filters
    facets: list[FacetAsk] = Field(default_factory=list)
    """What was counted."""
    sort: Sort = RELEVANCE
    group_by: str | None = None
    group_limit: int = 1
    session: str | None = None
    """As the storefront sent it."""
    personalised: bool = False
    """Whether the session moved hits."""
    cached: bool = False
    """Whether it was an answer that had been given before."""
    found: int
    typing: bool = False
    """Whether the shopper was still typing."""
    fallback: Fallback | None = None
    """Where the hits come from, when the query itself found too little."""
    tried: list[Tried] = Field(default_factory=list)
    """Then, the steps of the fallback ladder that were tried."""
    skus: list[str]
    """What was shown, best first."""
    took_ms: float
    degraded: list[str]
    made_from: list[ShardState]
    encoder: str
    inputs: ServedInputs | None = None
    """None in a compact record."""
    not_replayable: str = ""
    """Why it cannot be made again; empty: it can, or it was logged before that was there."""
