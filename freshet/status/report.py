"""What `freshet status --json` prints: a stable model. New fields may come; these stay as they are."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from freshet.runtime.stack_state import ChildState

Step = Literal["catalog", "embed", "documents", "offers", "clicks"]
"""`catalog` decides events, `embed` turns contents into documents, the shard applies `documents` and `offers`, `clicks`
become sessions."""


class _Reported(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class ProcessStatus(ChildState):
    """One process of the stack, or a step of its start."""

    alive: bool
    """The process is there."""
    answers: bool | None
    """It is ready for work right now; null: it has nothing to ask."""
    version: str | None = None
    """As the process itself says it."""
    up_s: float | None = None
    memory_bytes: int | None = None
    """Resident memory; null where it runs on another machine."""
    reason: str = ""
    """Why it is not ready, in its own words."""


class StepStatus(_Reported):
    """How far one step is in one partition."""

    step: Step
    partition: int
    offset: int | None
    """Next input offset; null when its process does not tell."""
    lag: int | None
    """Records it has not done yet."""


class FreshnessStatus(_Reported):
    """Of the events of the last 60 s, a sample; null without events."""

    p50_s: float | None
    p95_s: float | None
    events: int
    events_per_s: float
    """Decided, over the last 10 s."""


class CountStatus(_Reported):
    """What the shards hold, over the freshest replica of each partition."""

    products: int
    """Visible ones."""
    rows: int
    held_offers: int
    """Offers that wait for their documents."""


Standing = Literal["answers", "catching up", "differs", "taken out", "away"]
"""`differs`: from another replica that has read the same, and nobody knows which one is wrong; `taken out`: it is wrong
and answers nothing; `away`: the HTTP tier does not reach it."""


class ReplicaStatus(_Reported):
    """One copy of one shard, as the HTTP tier sees it."""

    partition: int
    replica: int | None
    """Null when it has not told yet."""
    address: str
    standing: Standing
    documents_offset: int | None
    """Next offset that it has not applied; null when it is away, as what follows."""
    offers_offset: int | None
    behind: int | None
    """Records of both topics that another replica of the shard has applied and it has not."""
    products: int | None
    scrub_age_s: float | None
    """Since all that it holds was last compared with what the log made it."""


class DeadLetterStatus(_Reported):
    """What could not be processed lately."""

    hours: int
    """How far back is looked."""
    total: int
    by_reason: dict[str, int]
    more: bool
    """Whether there were more than were counted."""


class SnapshotStatus(_Reported):
    """The newest snapshot of a shard, by replica."""

    partition: int
    replica: int = 0
    file: str
    written_ms: int
    age_s: float
    documents_offset: int
    offers_offset: int
    products: int
    size_bytes: int
    damaged: str = ""
    """What is wrong with its manifest or the sizes of its files; `freshet doctor` checks every byte."""


class DiskStatus(_Reported):
    """Of the data folder."""

    used_bytes: dict[str, int]
    """By part of the data folder: kafka, shards, store, logs, models, catalog, other."""
    free_bytes: int
    total_bytes: int


class Status(_Reported):
    """The whole look; null is what nobody could say."""

    running: bool
    """Whether anything runs or answers."""
    well: bool
    """It runs, and there are no complaints."""
    complaints: list[str]
    """What is not well, each with where to look."""
    state: str
    """Of the supervisor: starting, ready, stopping, stopped, killed; `remote` where there is only an address."""
    version: str
    """Of this command."""
    url: str
    """Of the HTTP tier."""
    kafka: str
    """Bootstrap servers; empty where they are not known from here."""
    redis_url: str
    """Without its password."""
    data: str
    """The data folder; empty where there is only an address."""
    pid: int | None
    """Of the supervisor."""
    kafka_up: bool | None
    """As seen from here, else as the HTTP tier says."""
    redis_up: bool | None
    encoder: str | None
    """Of the queries: its id names the vector space."""
    children: list[ProcessStatus]
    steps: list[StepStatus]
    freshness: FreshnessStatus | None
    counts: CountStatus | None
    replicas: list[ReplicaStatus] = []
    """By shard and number; empty when the HTTP tier does not say."""
    dead_letters: DeadLetterStatus | None
    snapshots: list[SnapshotStatus]
    disk: DiskStatus | None
