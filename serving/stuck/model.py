"""What `GET /v1/stuck` answers."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

StuckReason = Literal["decision", "dead-lettered", "encoder", "shard", "behind", "taken_out"]


class StuckHere(BaseModel):
    """Why the newest event of a product is received and not shown."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    reason: StuckReason
    """`decision`, `encoder`, `shard`: it waits for that step; `behind`: only some of the replicas have it; `taken_out`:
    only a replica has it that was taken out."""
    code: str = ""
    """Code of docs/events.md, where it was dead-lettered."""
    event: str = ""
    """The event that is not shown."""


class StuckProduct(StuckHere):
    """One product."""

    sku: str
    partition: int
    since_ms: int
    """When it came to where it waits, or was refused; ms since 1970."""
    fields: list[str] = []
    """What is wrong in a dead-lettered event, as `price.amount`."""


class StuckGroup(BaseModel):
    """All products with one reason."""

    reason: StuckReason
    code: str
    count: int
    oldest_ms: int
    says: str
    do: str


class Stuck(BaseModel):
    """Products whose newest event was received and is not shown, by reason; then one after the other, oldest first."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    at_ms: int
    total: int
    reasons: list[StuckGroup]
    """Most products first."""
    products: list[StuckProduct]
    """Those of the reason that was asked for, at most `limit`."""
    next: str | None
    """`after` of the next page; null: this is the last."""
    unread: int
    """Outcomes in the log that were not read yet: ask again, and it goes on. Until then there may be more."""
    complete: bool
    """False: there are more than were counted, or what a step has before it was not read to its end."""
    degraded: list[str]
    """Shards without a replica that answers: what waits for them is not counted."""
