"""What the incident page is told: a timeline, the answers and events of a span of time, and what a replay found."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from schemas.records import OutcomeKind
from serving.journey.event_said import Kind

REPLAY_SKU_CHARS_MAX = 256
SETTINGS_MAX = 20
SETTING_CHARS_MAX = 200
BUNDLE_ANSWERS_MAX = 100


class Told(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class TimelinePart(Told):
    """One part of a span of time. Figures are null where nothing was looked at."""

    begin_ms: int
    end_ms: int
    searches: int
    """Answers in the log."""
    events: int
    """Outcomes of catalogue events in the log, within some percent."""
    sampled: bool
    """Whether not all of them were looked at: the figures are those of some that lie together."""
    search_p50_ms: float | None = None
    search_p95_ms: float | None = None
    zero_share: float | None = None
    """Of searches that somebody finished typing: those that found nothing of what was asked for (empty, or by the
    fallback ladder)."""
    degraded_share: float | None = None
    """Of all answers: those without one of their parts."""
    texts_p95_ms: float | None = None
    """From the log having an event with a new text until its vector was there for the shards."""
    offers_p95_ms: float | None = None
    """The same of other events, until they were decided."""
    refused_share: float | None = None
    """Of events: dead-lettered."""
    behind_ms: int | None = None
    """How old what some answer did not show yet was, at most of those that were looked at; 0: no answer was behind."""
    made_from: list[str] = []
    """What the answers were made from: replicas with their lineages, and the encoder."""


class Timeline(Told):
    """A span of time in parts of equal length, oldest first."""

    kept_from_ms: int | None
    """The oldest answer that the log keeps; null: it has none."""
    now_ms: int
    parts: list[TimelinePart]


class AnswerLine(Told):
    """One answer."""

    request_id: str
    at_ms: int
    """When it was made."""
    text: str
    hits: int
    found: int
    page: int
    took_ms: float
    zero: bool
    """Whether nothing was found of what was asked for."""
    fallback: str
    """The step of the ladder that gave the hits; empty: none was needed, or none found anything."""
    degraded: list[str]
    typing: bool
    replayable: bool
    why_not: str
    """Why it cannot be made again."""


class Answers(Told):
    """Answers of a span of time, in the order in which the log has them."""

    answers: list[AnswerLine]
    next: str | None
    """`after` of the next page; null: this is the last."""
    looked_through: int
    """Answers that were looked at for this page."""


class EventLine(Told):
    """One event of the catalogue, when its outcome was written."""

    id: str
    sku: str
    type: Kind
    fields: list[str]
    """What it says of the product."""
    outcome: OutcomeKind
    reason: str
    received_ms: int
    decided_ms: int


class Events(Told):
    """Events that were decided in a span of time, in that order."""

    events: list[EventLine]
    next: str | None
    """`after` of the next page; null: this is the last."""
    looked_through: int


def no_file(setting: str) -> str:
    """A file of this machine is nothing that a caller may name."""
    name, _, value = setting.partition("=")
    if name.strip() == "rules" and value != "none":
        raise ValueError("rules can only be none here: a file is for freshet replay request")
    return setting


class ReplayAsked(Told):
    """How an answer is to be made again; an empty object: as it was."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    at_ms: int | None = Field(None, ge=0, le=10**15)
    """When it was made, as the list of answers says: it is found at once then, however long the log."""
    set: list[Annotated[str, Field(max_length=SETTING_CHARS_MAX), AfterValidator(no_file)]] = Field(
        [], max_length=SETTINGS_MAX
    )
    """What else it is made with: `name=value`, as `freshet replay request --set` takes it. No file: `rules=none`."""
    sku: str = Field("", max_length=REPLAY_SKU_CHARS_MAX)
    """Where this product stands is told too."""


class ReplayDifference(Told):
    """An input or a stage that is not the same."""

    at: str
    then: Any = None
    now: Any = None


class ReplayedSku(Told):
    """Where a product stood."""

    sku: str
    stage: str
    says: str


class ReplayedAnswer(Told):
    """What became of an answer that was made again."""

    request_id: str
    text: str
    at_ms: int
    verdict: Literal["equal", "different", "not replayable"]
    why: str
    """Why it cannot be made again."""
    differences: list[ReplayDifference]
    """The first of them explains the others."""
    more_differences: int
    """So many more, which are not told here."""
    skus_then: list[str]
    skus_now: list[str]
    rebuilt: list[str]
    """From what each shard was rebuilt."""
    sku: ReplayedSku | None
    took_s: float
    """All of it: starting, rebuilding the shards, making the answer."""


class BundleAnswer(Told):
    request_id: str = Field(max_length=200)
    at_ms: int | None = Field(None, ge=0, le=10**15)


class BundleAsked(Told):
    """The answers that a bundle is to hold."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    answers: list[BundleAnswer] = Field(min_length=1, max_length=BUNDLE_ANSWERS_MAX)
