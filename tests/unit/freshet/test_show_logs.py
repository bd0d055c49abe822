"""`freshet logs` finds the logs and follows them through a rotation."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from freshet.log_lines import LogLine, Wanted
from freshet.runtime.log_files import rotate
from freshet.show_logs import find_logs, follow, last_lines, since
from schemas.errors import InvalidRequest


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    for name in ("kafka", "shard"):
        (tmp_path / "logs" / f"{name}.log").write_text(f"{name} one\n{name} two\n")
    return tmp_path


def shown(lines: Iterable[LogLine]) -> list[tuple[str, str]]:
    return [(line.process, line.text) for line in lines]


def write(data: Path, name: str, *facts: dict[str, object]) -> Path:
    log = data / "logs" / f"{name}.log"
    log.write_text("".join(json.dumps(one) + "\n" for one in facts))
    return log


def test_all_logs_or_one(data: Path) -> None:
    assert shown(last_lines(find_logs(data, None), 1)) == [("kafka", "kafka two"), ("shard", "shard two")]
    assert shown(last_lines(find_logs(data, "shard"), 9)) == [("shard", "shard one"), ("shard", "shard two")]
    assert shown(last_lines(find_logs(data, None), 0)) == []


def at(second: int, level: str = "info") -> dict[str, object]:
    return {"event": f"at {second}", "level": level, "timestamp": f"2026-01-31T08:00:{second:02d}Z"}


def test_several_logs_are_mixed_by_time(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    logs = [write(tmp_path, "catalog", at(1), at(4)), write(tmp_path, "shard", at(2), at(3), at(5))]
    found = [(line.process, line.facts["event"]) for line in last_lines(logs, 9) if line.facts]
    assert found == [("catalog", "at 1"), ("shard", "at 2"), ("shard", "at 3"), ("catalog", "at 4"), ("shard", "at 5")]


def test_the_last_lines_are_those_of_the_level_and_the_time(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    log = write(tmp_path, "shard", at(1, "error"), at(2), at(3, "error"), at(4, "warning"), at(5), at(6))

    def events(count: int, wanted: Wanted) -> list[object]:
        return [line.facts["event"] for line in last_lines([log], count, wanted) if line.facts]

    assert events(2, Wanted("warning")) == ["at 3", "at 4"]
    assert events(9, Wanted("error")) == ["at 1", "at 3"]
    assert events(9, Wanted(None, datetime(2026, 1, 31, 8, 0, 5, tzinfo=UTC).timestamp())) == ["at 5", "at 6"]


@pytest.mark.parametrize(("given", "expected_s"), [("30s", 970.0), ("2m", 880.0), ("1.5h", -4400.0), ("1d", -85_400.0)])
def test_since_so_long_ago(given: str, expected_s: float) -> None:
    assert since(given, 1000.0) == expected_s


def test_since_a_time_or_nonsense() -> None:
    assert since("2026-01-31T08:00:00+00:00", 0.0) == datetime(2026, 1, 31, 8, tzinfo=UTC).timestamp()
    with pytest.raises(InvalidRequest, match="--since 'yesterday'") as raised:
        since("yesterday", 0.0)
    assert "30s" in raised.value.hint


def test_an_unknown_process_is_told_which_there_are(data: Path) -> None:
    with pytest.raises(InvalidRequest, match="no log of 'shrad'") as raised:
        find_logs(data, "shrad")
    assert "kafka, shard" in raised.value.hint


def test_followed_through_a_rotation_and_a_half_written_line(data: Path) -> None:
    log = data / "logs" / "shard.log"
    lines = follow([log], poll_s=0.001)
    with log.open("a") as file:
        file.write("three\nfo")
        file.flush()
        assert next(lines).text == "three"
        file.write("ur\n")
    assert next(lines).text == "four"
    rotate(log, bytes_max=0)
    log.write_text("five\n")
    assert next(lines).text == "five"
    lines.close()
