"""What a drill saw, and the judgements over it: each gives the sentences that say what was broken, or none."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from freshet.drills.books import Books
from freshet.drills.drill import Limits
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
    """Longest time without a whole answer."""
    failed_by: Mapping[str, int]
    """Searches without an answer, an honest error included (it is not wrong, and helps no shopper), by status; 0: no
    answer within 5 s, or no connection."""
    dishonest: int
    """Of these, errors that do not say when to come back."""
    partial: int
    fresh_s: Mapping[str, float | None]
    """95th percentile before, during and after the faults."""
    query_s: Mapping[str, float | None]
    limits: Limits
    dead_letters: int
    """Events that must have been refused."""
    errors: Mapping[str, int]
    """Lines of the logs that speak of an error, by process and event."""
    growing: Sequence[str]
    """What grew after the warm-up, of a soak."""
    late: Sequence[str]
    """What did not come in time."""

    @property
    def failed(self) -> int:
        return sum(self.failed_by.values())


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


def refused(seen: Evidence) -> list[str]:
    """What is no event is dead-lettered, and nothing else is."""
    found = seen.audit["outcomes"].get("dead-lettered", 0) if seen.audit else 0
    if found == seen.dead_letters:
        return []
    return [f"{found} events were dead-lettered; {seen.dead_letters} are none that can be decided"]


def answered(seen: Evidence) -> list[str]:
    """Searches are answered as the drill promises."""
    limits, fresh_s = seen.limits, seen.fresh_s["during"] or 0.0
    compared = (
        (seen.gap_s, limits.gap_s, "s without a whole answer"),
        (seen.failed, limits.failed, f"searches were not answered ({by_status(seen.failed_by)})"),
        (seen.partial, limits.partial, "answers were partial"),
        (fresh_s, limits.fresh_s, "s (p95) until a change was found"),
        (sum(seen.errors.values()), limits.errors, f"errors in the logs ({', '.join(seen.errors)})"),
    )
    return [
        f"{found:g} {what}; at most {limit:g}" for found, limit, what in compared if limit is not None and found > limit
    ]


def honest(seen: Evidence) -> list[str]:
    """Whatever is struck, a search that cannot be answered is told so, and when to come back."""
    count = seen.dishonest
    return [f"{count} errors did not say when to come back ({by_status(seen.failed_by)})"] if count else []


def flat(seen: Evidence) -> list[str]:
    """Memory, descriptors, threads and disk do not grow."""
    return list(seen.growing)


def in_time(seen: Evidence) -> list[str]:
    return list(seen.late)


CHECKERS: Final[Sequence[Callable[[Evidence], list[str]]]] = (
    lost,
    accounted,
    audited,
    served,
    monotonic,
    refused,
    answered,
    honest,
    flat,
    in_time,
)


def broken(seen: Evidence) -> list[str]:
    """All sentences; none: every promise was kept."""
    return [sentence for check in CHECKERS for sentence in check(seen)]


def by_status(failed_by: Mapping[str, int]) -> str:
    """As "3 with 503, 1 without an answer"."""
    return ", ".join(
        f"{count} {'without an answer' if status == '0' else f'with {status}'}" for status, count in failed_by.items()
    )


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
