"""What a drill saw, and the judgements over it: each gives the sentences that say what was broken, or none."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from freshet.drills.books import Books
from freshet.drills.known_events import Shown

NAMED_MAX: Final = 5
"""Items that one sentence names; it says how many there were."""


@dataclass(frozen=True)
class Evidence:
    books: Books
    audit: Mapping[str, Any]
    """As `freshet audit --json` tells it: its own pass over the log, and each replica against it."""
    unserved: Mapping[str, str]
    """SKUs that are not served as the last event on them says, and what is served."""
    went_back: Sequence[str]
    """Answers that showed an older version than one before, or a product that was gone."""
    gap_s: float
    gap_s_max: float | None
    late: Sequence[str]
    """What did not come in time."""


def lost(seen: Evidence) -> list[str]:
    """Acknowledged means Kafka has it."""
    return named("acknowledged events are not in Kafka", seen.books.lost)


def accounted(seen: Evidence) -> list[str]:
    """Each event has exactly one outcome."""
    count = seen.books.acked_twice
    twice = [f"{count} events were given a place that another one has"] if count else []
    return [
        *named("events have no outcome", seen.books.unaccounted),
        *named("events were decided twice", seen.books.duplicates),
        *named("outcomes are of events that nobody sent", seen.books.invented),
        *twice,
    ]


def audited(seen: Evidence) -> list[str]:
    """The derived topics and each replica are what the rules make of the log."""
    if not seen.audit:
        return ["the audit did not end"]
    lines = [f"{one['kind']}: {one['where']}: {one['sku']}: {one['message']}" for one in seen.audit["findings"]]
    away = [f"{name} was not compared: {why}" for name, why in seen.audit["not_compared"].items()]
    rows = [] if seen.audit["rows"] else ["no replica was compared"]
    count = seen.audit["waiting"]
    waiting = [f"{count} products still wait for the encoder"] if count else []
    return [*named("differences were found by the audit", lines), *away, *rows, *waiting]


def served(seen: Evidence) -> list[str]:
    """Every product is served in its newest version, and none that was deleted."""
    return named("products are not served as sent", [f"{sku}: {what}" for sku, what in seen.unserved.items()])


def monotonic(seen: Evidence) -> list[str]:
    """No answer shows less than one before it."""
    return named("answers went back", list(seen.went_back))


def answered(seen: Evidence) -> list[str]:
    """There is a whole answer at least so often."""
    if seen.gap_s_max is None or seen.gap_s <= seen.gap_s_max:
        return []
    return [f"{seen.gap_s:.1f} s without a whole answer; at most {seen.gap_s_max:g} s were promised"]


def in_time(seen: Evidence) -> list[str]:
    return list(seen.late)


CHECKERS: Final[Sequence[Callable[[Evidence], list[str]]]] = (
    lost,
    accounted,
    audited,
    served,
    monotonic,
    answered,
    in_time,
)


def broken(seen: Evidence) -> list[str]:
    """All sentences; none: every promise was kept."""
    return [sentence for check in CHECKERS for sentence in check(seen)]


def named(what: str, items: Sequence[str]) -> list[str]:
    if not items:
        return []
    more = ", ..." if len(items) > NAMED_MAX else ""
    return [f"{len(items)} {what}: {', '.join(items[:NAMED_MAX])}{more}"]


def differs(wanted: Shown | None, status: int, answer: Any) -> str:
    """How a product is served otherwise than it should be; empty: it is not."""
    if wanted is None:
        return "" if status == 404 else f"deleted, and served with status {status}"
    if status != 200:
        return f"status {status}"
    hit = answer["hit"]
    found = Shown(hit["content"]["title"], (hit["offer"] or {}).get("stock", -1))
    return "" if found == wanted else f"{tuple(found)} instead of {tuple(wanted)}"
