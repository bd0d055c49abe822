"""Each judgement over a drill is quiet when all is well, and says what was planted when it is not."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from freshet.drills.books import Books
from freshet.drills.drill import NOTHING, Limits
from freshet.drills.evidence import NAMED_MAX, Evidence, broken, differs, named
from freshet.drills.known_events import Shown
from freshet.drills.replica_load import Question

IDS = frozenset(f"1-0-{offset}" for offset in range(8))
BOOKS = Books(acked=IDS, acked_twice=0, in_log=IDS, decided=Counter(IDS))
OUTCOMES = {"dead-lettered": 2, "indexed": 6}
AUDIT: dict[str, Any] = {
    "findings": [],
    "not_compared": {},
    "rows": {"shard 0 replica 0": 8},
    "waiting": 0,
    "outcomes": OUTCOMES,
}
ERRORS = {"catalog: handler_failed": 1, "shard: reads_fail": 1}
P95S = {"before": 0.1, "during": 2.0, "after": 0.1}
LIMITS = Limits(gap_s=3.0, failed=4, partial=5, fresh_s=2.0, errors=2)
WELL = Evidence(
    books=BOOKS, audit=AUDIT, unserved={}, went_back=(), gap_s=3.0, partial=5, fresh_s=P95S, query_s=P95S,
    failed_by={"503": 4}, dishonest=0, limits=LIMITS, dead_letters=2, errors=ERRORS, growing=(), late=(),
)  # fmt: skip
STALE = {"kind": "stale", "where": "shard 0 replica 0", "sku": "known-3", "event_id": "", "message": "old"}


def books(**changed: Any) -> Evidence:
    return replace(WELL, books=replace(BOOKS, **changed))


def audit(**changed: Any) -> Evidence:
    return replace(WELL, audit=AUDIT | changed)


def test_all_is_well() -> None:
    assert broken(WELL) == []
    assert broken(replace(WELL, limits=NOTHING, gap_s=1e9, failed_by={"503": 99})) == []


def test_nothing_that_is_struck_excuses_an_error_that_tells_nothing() -> None:
    assert len(broken(replace(WELL, limits=NOTHING, dishonest=1))) == 1


@pytest.mark.parametrize(
    ("status", "says_when", "honest"),
    [
        (200, False, True),
        (0, False, True),
        (503, True, True),
        (429, True, True),
        (503, False, False),
        (500, True, False),
    ],
)
def test_an_honest_error_says_when_to_come_back(status: int, says_when: bool, honest: bool) -> None:
    assert Question(0.0, 1.0, status, (), says_when).honest is honest


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        (books(acked=IDS | {"1-0-8"}), "1 acknowledged events are not in Kafka: 1-0-8"),
        (books(decided=Counter(IDS - {"1-0-3"})), "1 events have no outcome: 1-0-3"),
        (books(decided=Counter([*IDS, "1-0-3"])), "1 events were decided twice: 1-0-3"),
        (books(decided=Counter([*IDS, "1-0-9"])), "1 outcomes are of events that nobody sent: 1-0-9"),
        (books(acked_twice=2), "2 events were given a place that another one has"),
        (audit(findings=[STALE]), "1 differences were found by the audit: stale: shard 0 replica 0: known-3: old"),
        (audit(not_compared={"shard 0": "away"}), "shard 0 was not compared: away"),
        (audit(rows={}), "no replica was compared"),
        (audit(waiting=3), "3 products still wait for the encoder"),
        (replace(WELL, unserved={"known-1": "status 404"}), "1 products are not served as sent: known-1: status 404"),
        (replace(WELL, went_back=["probe-1"]), "1 answers went back: probe-1"),
        (audit(outcomes={"indexed": 8}), "0 events were dead-lettered; 2 are none that can be decided"),
        (replace(WELL, dead_letters=0), "2 events were dead-lettered; 0 are none that can be decided"),
        (replace(WELL, gap_s=3.1), "3.1 s without a whole answer; at most 3"),
        (replace(WELL, failed_by={"503": 5}), "5 searches were not answered (5 with 503); at most 4"),
        (replace(WELL, failed_by={"0": 5}), "5 searches were not answered (5 without an answer); at most 4"),
        (replace(WELL, dishonest=1), "1 errors did not say when to come back (4 with 503)"),
        (replace(WELL, partial=6), "6 answers were partial; at most 5"),
        (replace(WELL, fresh_s=P95S | {"during": 2.1}), "2.1 s (p95) until a change was found; at most 2"),
        (replace(WELL, errors={"catalog: failed": 3}), "3 errors in the logs (catalog: failed); at most 2"),
        (replace(WELL, growing=["memory MB of shard grows"]), "memory MB of shard grows"),
        (replace(WELL, late=["not within 120 s: normal"]), "not within 120 s: normal"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_is_broken_is_said(planted: Evidence, said: str) -> None:
    assert broken(planted) == [said]


def test_an_audit_that_did_not_end_is_said() -> None:
    assert "the audit did not end" in broken(replace(WELL, audit={}))


def test_figures_count_what_is_broken() -> None:
    seen = replace(BOOKS, acked=IDS | {"1-0-8", "1-0-9"}, decided=Counter([*IDS, "1-0-3"]), acked_twice=1)
    wanted = {"acked": 10, "in_the_log": 8, "lost": 2, "unaccounted": 0, "duplicates": 2}
    assert seen.figures() == wanted


def test_a_sentence_names_a_few_and_counts_all() -> None:
    items = [str(number) for number in range(NAMED_MAX + 1)]
    assert named("things", items[:-1]) == ["5 things: 0, 1, 2, 3, 4"]
    assert named("things", items) == ["6 things: 0, 1, 2, 3, 4, ..."]


def hit(title: str, stock: int) -> dict[str, Any]:
    return {"hit": {"content": {"title": title}, "offer": {"stock": stock}}}


@pytest.mark.parametrize(
    ("wanted", "status", "answer", "said"),
    [
        (Shown("Lamp 3", 3), 200, hit("Lamp 3", 3), ""),
        (Shown("Lamp 3", 3), 200, hit("Lamp 3", 2), "('Lamp 3', 2) instead of ('Lamp 3', 3)"),
        (Shown("Lamp 3", 3), 404, None, "status 404"),
        (None, 404, None, ""),
        (None, 200, hit("Lamp 3", 3), "deleted, and served with status 200"),
        (None, 0, None, "deleted, and served with status 0"),
    ],
)
def test_a_product_is_compared_with_its_last_event(wanted: Shown | None, status: int, answer: Any, said: str) -> None:
    assert differs(wanted, status, answer) == said
