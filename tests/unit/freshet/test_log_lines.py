"""Every process's lines are understood: Freshet's JSON, Kafka's, Redis', and what is neither."""

import json
from datetime import UTC, datetime

import pytest

from freshet.log_lines import LEVELS, LogLine, Wanted, in_context, parse
from freshet.log_text import as_json, as_text

OURS = {
    "event": "partition taken",
    "level": "warning",
    "timestamp": "2026-01-31T08:00:00.5Z",
    "offset": 3,
    "why": "a b",
}
AT_S = datetime(2026, 1, 31, 8, 0, 0, 500_000, tzinfo=UTC).timestamp()
KAFKA = "2026-01-31T08:00:00.500+0000 [main] WARN kafka.server.BrokerServer - [BrokerServer id=1] slow"
REDIS = "17022:M 31 Jan 2026 08:00:00.500 # WARNING Memory overcommit must be enabled!"


def test_our_lines_keep_all_they_say() -> None:
    line = parse("catalog", json.dumps(OURS))
    assert (line.process, line.at_s, line.level, line.facts) == ("catalog", AT_S, "warning", OURS)


def test_kafkas_and_redis_lines_have_a_time_and_a_level() -> None:
    kafka, redis = parse("kafka", KAFKA), parse("redis", REDIS)
    assert (kafka.at_s, kafka.level, kafka.facts) == (AT_S, "warning", None)
    assert redis.at_s == datetime(2026, 1, 31, 8, 0, 0, 500_000).timestamp()  # Redis writes local time
    assert redis.level == "warning"


@pytest.mark.parametrize(
    "text", ["", "{", "{}", "[1]", '{"event": 1, "level": 7}', "Traceback (most recent call last):"]
)
def test_anything_else_is_plain_text(text: str) -> None:
    line = parse("x", text)
    assert (line.text, line.level) == (text, None)
    assert as_json(line)["process"] == "x"


def test_a_stack_trace_belongs_to_the_line_before_it() -> None:
    lines = list(in_context(parse("kafka", text) for text in (KAFKA, "\tat java.base/X", "java.io.IOException")))
    assert [(line.at_s, line.level) for line in lines] == [(AT_S, "warning"), (AT_S, "warning"), (AT_S, None)]


@pytest.mark.parametrize("least", LEVELS)
def test_a_level_lets_itself_and_what_is_worse_pass(least: str) -> None:
    passed = [level for level in LEVELS if Wanted(least)(LogLine("x", "", level=level))]
    assert passed == list(LEVELS[LEVELS.index(least) :])
    assert Wanted(least)(LogLine("x", "no level"))


def test_readable_on_a_terminal_colours_where_it_has_them() -> None:
    line = parse("catalog", json.dumps({**OURS, "exception": "Traceback\n  ..."}))
    plain = as_text(line, name=True, colours=False)
    assert plain.endswith('.500 warning partition taken  offset=3 why="a b"\nTraceback\n  ...')
    assert plain.startswith("catalog  ")
    coloured = as_text(line, name=False, colours=True)
    assert "\x1b[33mwarning\x1b[0m" in coloured and not coloured.startswith("catalog")


def test_other_programs_lines_stay_as_they_are() -> None:
    assert as_text(parse("kafka", KAFKA), name=False, colours=True) == KAFKA
    assert as_json(parse("kafka", KAFKA)) == {"process": "kafka", "line": KAFKA}


def test_json_passes_our_lines_through() -> None:
    assert as_json(parse("catalog", json.dumps(OURS))) == {**OURS, "process": "catalog"}
