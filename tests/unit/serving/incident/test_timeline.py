"""How a part of a span of time went."""

from typing import Any

from serving.incident.answers import AnswersAsked, is_asked_for, logged
from serving.incident.timeline import timeline
from streams.reader import LogRecord
from tests.unit.serving.incident.made import BEGIN_MS, TimedLog, answer, decided, document, state

MINUTE = 60_000


def of(log: TimedLog, parts: int = 1, looked_at_max: int = 200) -> list[Any]:
    times = [BEGIN_MS + MINUTE * nth for nth in range(parts + 1)]
    return timeline(log, 1, 1, times, looked_at_max)


def test_searches_by_their_time_and_what_they_found() -> None:
    log = TimedLog()
    log.at("served", 1, answer("a", 0, took_ms=10.0))
    log.at("served", 2, answer("b", 1, took_ms=30.0, skus=[], found=0))
    log.at("served", 3, answer("c", 2, took_ms=20.0, fallback={"step": "meaning", "text": ""}))
    log.at("served", 4, answer("d", 3, took_ms=20.0, degraded=["encode"], typing=True))
    log.at("served", 5, b"no answer")
    log.at("served", MINUTE + 1, answer("e", MINUTE, took_ms=5.0))
    first, second = of(log, 2)
    assert (first.searches, first.search_p50_ms, first.search_p95_ms) == (5, 20.0, 30.0)
    assert (first.zero_share, first.degraded_share) == (round(2 / 3, 4), 0.25)
    assert (second.searches, second.search_p95_ms, second.zero_share, second.sampled) == (1, 5.0, 0.0, False)


def test_events_by_what_became_of_them_and_when() -> None:
    log = TimedLog()
    log.at("outcomes", 20, decided(0, 0, content_changed=True))
    log.at("outcomes", 30, decided(1, 10, content_changed=False))
    log.at("outcomes", 40, decided(2, 10, outcome="dead-lettered", content_changed=False))
    log.at("outcomes", 500, decided(0, 0, outcome="dead-lettered", by="embed"))
    log.at("documents", 400, document(0))
    (part,) = of(log)
    assert part.events == 3, "a correction is no event"
    assert (part.texts_p95_ms, part.offers_p95_ms, part.refused_share) == (400.0, 30.0, 0.5)
    assert (part.searches, part.search_p95_ms, part.zero_share, part.behind_ms) == (0, None, None, None)


def test_a_part_with_more_than_is_looked_at_is_a_sample() -> None:
    log = TimedLog()
    for ms in range(20):
        log.at("served", ms, answer(f"r{ms}", ms, took_ms=float(ms)))
    (part,) = of(log, looked_at_max=4)
    assert (part.searches, part.sampled, part.search_p95_ms) == (20, True, 11.0)


def test_markers_of_transactions_are_no_events() -> None:
    log = TimedLog()
    for ms in range(20):
        log.at("outcomes", ms, decided(ms, 0) if ms % 2 else b"marker")
    (part,) = of(log, looked_at_max=4)
    assert part.events == 10


def test_an_answer_from_an_old_state_is_behind_by_the_age_of_what_it_lacks() -> None:
    log = TimedLog()
    log.at("documents", 0, document(0))
    log.at("documents", 5_000, document(5_000))
    log.at("served", 30_001, answer("a", 30_000, made_from=[state(documents=1)]))
    log.at("served", 30_002, answer("b", 30_001, made_from=[state(documents=2)]))
    (part,) = of(log)
    assert part.behind_ms == 25_000
    log.at("served", MINUTE + 1, answer("c", MINUTE, made_from=[state(documents=2)]))
    assert of(log, 2)[1].behind_ms == 0
    log.at("offers", MINUTE + 100, b"o")
    log.at("served", MINUTE + 501, answer("d", MINUTE + 500, made_from=[state(documents=2)]))
    assert of(log, 2)[1].behind_ms == 0, "what is so young may not be shown yet"


def test_it_says_what_the_answers_were_made_from() -> None:
    log = TimedLog()
    log.at("served", 1, answer("a", 0, made_from=[state(lineage="0123456789abc")]))
    log.at("served", 2, answer("b", 0, made_from=[state(replica=1)]))
    (part,) = of(log)
    assert part.made_from == [
        "replica 0 of shard 0, lineage 01234567",
        "replica 1 of shard 0, lineage first",
        "the encoder e",
    ]


def line(**more: Any) -> Any:
    found = logged(LogRecord("served", 0, 0, b"a", answer("a", 0, **more), BEGIN_MS))
    assert found is not None
    return found


def test_why_an_answer_cannot_be_made_again() -> None:
    assert line(inputs={"heard": {"asked": {}}}).line.replayable
    assert line(not_replayable="it was cached").line.why_not == "it was cached"
    assert line(inputs={"vector": "x"}).line.why_not.startswith("it was logged before")
    empty = line(skus=[], found=0, fallback=None).line
    assert (empty.zero, empty.fallback, empty.hits) == (True, "", 0)


def test_only_those_that_are_asked_for() -> None:
    one = line()
    assert is_asked_for(one, AnswersAsked()) and is_asked_for(one, AnswersAsked(text="desk LAMP"))
    assert is_asked_for(one, AnswersAsked(text="a")), "its id"
    assert not is_asked_for(one, AnswersAsked(text="chair"))
    assert is_asked_for(one, AnswersAsked(slower_ms=10)) and not is_asked_for(one, AnswersAsked(slower_ms=11))
    assert not is_asked_for(one, AnswersAsked(only="zero"))
    assert is_asked_for(line(skus=[]), AnswersAsked(only="zero"))
    assert not is_asked_for(line(skus=[], typing=True), AnswersAsked(only="zero")), "somebody was still typing"
    assert is_asked_for(line(degraded=["encode"]), AnswersAsked(only="degraded"))
    assert not is_asked_for(one, AnswersAsked(only="replayable"))
