"""Every error Freshet raises on purpose, as one tree that says who acts.

FreshetError                 a sentence: what happened, to which item, what to do
├── InvalidEvent             can never be processed: dead-letter it (or answer 4xx), do not retry
├── InvalidRequest           the caller's request is wrong: answer 4xx with field-level details
├── SettingsError            the configuration is wrong: refuse to start
├── Unavailable              a part is away for now: retry in place or answer 503
│   └── Overloaded           a queue is full: slow down, answer 429
├── StateRefused             stored state does not belong here or is damaged: refuse, name the command that helps
└── Fenced                   another owner has taken over: stop at once, acknowledge nothing
"""

from typing import NamedTuple

from schemas.limits import ERROR_TEXT_CHARS_MAX, PROBLEMS_MAX, SKU_CHARS_MAX


class Problem(NamedTuple):
    """One field that is wrong and why, in words a merchant understands."""

    field: str
    problem: str


class FreshetError(Exception):
    """Base of the tree. `hint` says what to do next."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InvalidEvent(FreshetError):
    """Can never be processed: dead-letter it, do not retry. `reason` is a stable code from `schemas.reasons`.

    What is said of an event is bounded, however large the event is: it has to fit into a record itself.
    """

    def __init__(self, reason: str, message: str, problems: tuple[Problem, ...] = (), *, sku: str = "") -> None:
        super().__init__(_bounded(message))
        self.reason = reason
        self.problems = tuple(Problem(_bounded(field), _bounded(what)) for field, what in problems[:PROBLEMS_MAX])
        self.sku = sku[:SKU_CHARS_MAX]


def _bounded(text: str) -> str:
    return text if len(text) <= ERROR_TEXT_CHARS_MAX else text[: ERROR_TEXT_CHARS_MAX - 1] + "…"


class InvalidRequest(FreshetError):
    """The caller's request is wrong. `code` is stable, `problems` name the fields."""

    def __init__(self, code: str, message: str, problems: tuple[Problem, ...] = (), *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.problems = problems


class SettingsError(FreshetError):
    """The configuration is wrong: refuse to start."""


class Unavailable(FreshetError):
    """A part (Kafka, Redis, a shard, the encoder) is away for now."""


class Overloaded(Unavailable):
    """A bounded queue is full: come back after `retry_after_s` seconds."""

    def __init__(self, message: str, *, retry_after_s: float = 1.0, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class StateRefused(FreshetError):
    """Stored state is damaged or belongs to another cluster, topic or version."""


class Fenced(FreshetError):
    """Another process owns this partition now: stop, acknowledge nothing."""
