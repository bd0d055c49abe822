"""What Algolia's clients send and read, as far as it is described: what stands in it beside that may be there, too."""

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict

from serving.routes.route import Parameter

INDEX: Final = Parameter("index", "path", "Name of a declared index (FRESHET_INSTANTSEARCH_INDEXES)")
OBJECT: Final = Parameter("objectID", "path", "The product's SKU, percent-encoded")


class Model(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True, extra="allow")


class ClientProblem(BaseModel):
    """Every error answer below /1/, as Algolia's clients read it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    message: str
    """What happened, to which item, and what to do."""
    status: int
    code: str
    """Stable, as elsewhere; programs decide by it."""


class Questions(Model):
    """Searches of one page, or of several widgets on it."""

    requests: list[dict[str, Any]]
    """Each with `indexName` and the parameters of a search, beside it or in `params`, there also as a query string; at
    most 50 (QUESTIONS_MAX). `type: facet` with `facet` and `facetQuery` searches in a facet's values."""


class Result(Model):
    """Hits as records of the shop; docs/instantsearch.md lists what there is. `responseFields` chooses."""

    hits: list[dict[str, Any]] = []
    nbHits: int = 0
    page: int = 0
    nbPages: int = 0
    hitsPerPage: int = 0
    query: str = ""
    index: str = ""
    processingTimeMS: int = 0


class Results(Model):
    """One result a question, in their order."""

    results: list[Result]


class FacetQuestion(Model):
    """What is searched in the values of a facet, among what products."""

    facetQuery: str = ""
    params: str = ""


class FacetHit(Model):
    value: str
    highlighted: str
    count: int


class FacetHits(Model):
    """Values of most products first."""

    facetHits: list[FacetHit]
    exhaustiveFacetsCount: bool
    processingTimeMS: int


class ObjectAnswer(Model):
    """A product as a record of the shop; docs/instantsearch.md lists its attributes."""

    objectID: str


class ObjectQuestions(Model):
    """Products that are wanted."""

    requests: list[dict[str, Any]]
    """Each with `indexName`, `objectID` and perhaps `attributesToRetrieve`; at most 1,000 (OBJECTS_MAX)."""


class Objects(Model):
    """Records in the order they were asked for; null where there is none."""

    results: list[ObjectAnswer | None]


class RecommendQuestions(Model):
    """What is like which products."""

    requests: list[dict[str, Any]]
    """Each with `indexName`, `model`, `objectID`, and perhaps `maxRecommendations`, `threshold` and `queryParameters`;
    at most 50 (QUESTIONS_MAX)."""


class Insights(Model):
    """What shoppers did."""

    events: list[dict[str, Any]]
    """Each with `eventType`, `userToken`, `objectIDs` and perhaps `queryID`, `positions`, `eventSubtype`; at most 1,000
    (EVENTS_MAX)."""


class Said(Model):
    status: int
    message: str
    """How many were not taken, and why."""


class Record(Model):
    """A product of the shop, whole or some attributes of it; docs/instantsearch.md says what becomes of which."""

    objectID: str = ""
    """Its SKU."""


class Batch(Model):
    """What is to be written."""

    requests: list[dict[str, Any]]
    """Each with an `action` (`addObject`, `updateObject`, `partialUpdateObject`, `partialUpdateObjectNoCreate`,
    `deleteObject`) and a `body` with the record; at most 10,000 (BATCH_MAX)."""


class Taken(Model):
    """Kafka has all of it."""

    taskID: int | dict[str, int]
    """To ask after; of several indexes by their names."""
    objectIDs: list[str] = []


class Saved(Model):
    """Kafka has it."""

    objectID: str = ""
    taskID: int


class IndexSettings(Model):
    """Of an index."""

    attributesForFaceting: list[str] = []
    """What products are filtered by and counted by."""
    replicas: list[str] = []
    """Indexes that sort in another way."""


class Noted(Model):
    """Accepted, and why nothing became of it."""

    taskID: int
    freshet: dict[str, Any]
    """`notice`: what was not taken."""


class TaskStatus(Model):
    """Whether searches show what was written."""

    status: Literal["published", "notPublished"]
    pendingTask: bool
