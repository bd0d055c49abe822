"""What the routes of dead letters take and answer."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.strict import Strict

Who = Literal["merchant", "operator"]
Stage = Literal["catalog", "embed", "shard", "session"]


class LetterLine(BaseModel):
    """A dead letter in a list."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: str
    event_id: str
    """Of the event that was refused; empty: it was none of the catalogue."""
    sku: str
    merchant: str
    """Whose product it is, by the attribute FRESHET_TENANT_ATTRIBUTE of the original; empty where it does not say."""
    reason: str
    who: Who
    """Who must act."""
    stage: Stage
    message: str
    fields: list[str]
    """What is wrong, as `price.amount`."""
    at_ms: int
    """When it was refused, ms since 1970."""


class LetterGroup(BaseModel):
    """All letters of one reason and merchant."""

    reason: str
    merchant: str
    count: int
    newest_ms: int


class Letters(BaseModel):
    """Dead letters, newest first."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    letters: list[LetterLine]
    groups: list[LetterGroup]
    """Of all that were looked through, most letters first; only on the first page."""
    next: int | None
    """`before` of the next page; null: this is the last. A page with fewer letters than `limit`, or none, may have a
    next one, too: only so many are looked through at a time."""
    complete: bool
    """False: older letters were not looked through."""


class LetterMark(BaseModel):
    """One thing that is wrong, and where it stands."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    field: str
    """Empty: the event as a whole."""
    problem: str
    start: int | None
    """First character of `original`; null: it stands nowhere, as what is missing does."""
    end: int | None


class LetterWhole(LetterLine):
    """A dead letter with its original."""

    meaning: str
    key: str
    original: str
    """As text; bytes that are none are written as `\\xff`. Its first 20,000 characters."""
    original_bytes: int
    original_base64: str
    """Its bytes, as far as they are kept."""
    marks: list[LetterMark]
    can_resubmit: bool
    """Whether it, or what it is mended to, may be sent again."""
    why_not: str = ""
    superseded_by: str = ""
    """The event that took its place."""


class Resubmitted(BaseModel):
    """It was sent as this event."""

    id: str
    event_id: str


class Skipped(BaseModel):
    """It was not sent, and why."""

    id: str
    why: str
    hint: str = ""
    superseded_by: str = ""


class ResubmitAll(Strict):
    """Which letters are to be sent again: those that all of these say."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    reason: str = ""
    merchant: str = ""
    since_ms: Annotated[int, Field(ge=0)] = 0
    until_ms: Annotated[int, Field(ge=0)] | None = None
    before: Annotated[int, Field(ge=0)] | None = None
    """`next` of the answer before."""
    dry_run: bool = True
    """Says what would be sent, and sends nothing."""


class ResubmittedAll(BaseModel):
    """What became of each letter. Asked again, it sends none of them a second time."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    dry_run: bool
    matching: int
    sent: list[Resubmitted]
    """Of a dry run with the event that was refused."""
    skipped: list[Skipped]
    next: int | None
    """Older letters were left: ask again with it as `before`. Null: these were the last."""
    complete: bool
    """Whether `next` is null."""
