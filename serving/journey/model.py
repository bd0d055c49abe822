"""What `GET /v1/skus/{sku}/journey` answers."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from schemas.records import OutcomeKind
from serving.stuck.model import StuckHere

Now = Literal["shown", "waiting", "deleted", "refused", "unknown", "not told"]


class JourneyProblem(BaseModel):
    """One thing that is wrong with an event."""

    field: str
    """As `price.amount`; empty: the event as a whole."""
    problem: str


class JourneySteps(BaseModel):
    """When each step was done, ms since 1970; null: not done, not needed, or too long ago to know."""

    received_ms: int | None = None
    decided_ms: int | None = None
    embedded_ms: int | None = None
    searchable_ms: dict[str, int | None] = {}
    """By replica, where this very event can be told; null: a newer one took its place before, or too long ago."""


class JourneyEvent(BaseModel):
    """One event of the product, and how far it came."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: str
    type: Literal["upsert", "patch", "delete", "unreadable", "gone"]
    """`unreadable`: it does not even say what it is; `gone`: the log no longer keeps the event itself."""
    fields: list[str]
    """Which it carries."""
    version: int | None = None
    outcome: OutcomeKind | None
    """Null: it waits for its decision."""
    reason: str = ""
    """Code of docs/events.md where it was refused; else why it changed nothing."""
    who: Literal["merchant", "operator", ""] = ""
    """Who must act."""
    problems: list[JourneyProblem] = []
    steps: JourneySteps
    says: str
    do: str = ""


class JourneyReplica(BaseModel):
    """What one replica shows of the product."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    replica: str
    """Its number, or its address where it did not say."""
    answers: bool
    shown: bool | None
    """Null: it does not answer."""
    content_event: str | None = None
    """Event of the content that it holds."""
    offer_event: str | None = None
    """Event of the price and stock that it holds."""
    newest: bool | None = None
    """Whether that is what the newest accepted event of the SKU says."""


class Journey(BaseModel):
    """Why a product is, or is not, what its merchant expects."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    sku: str
    partition: int
    now: Now
    """`waiting`: for its decision, the encoder or a shard; `refused`: no event of it was ever accepted; `not told`: no
    replica answers."""
    says: str
    """In a sentence."""
    do: str
    """What helps; empty where nothing needs to be done."""
    waits_behind: int | None = None
    """Records that are before it in the step that it waits for."""
    stuck: StuckHere | None = None
    """Why its newest event is received and not shown, as `GET /v1/stuck` counts it; null: it is."""
    events: list[JourneyEvent]
    """Newest first."""
    complete: bool
    """False: older events of it may be kept than those that were looked through."""
    replicas: list[JourneyReplica]
    degraded: list[str] = []
