"""`freshet logs` finds the logs and follows them through a rotation."""

from pathlib import Path

import pytest

from freshet.log_files import rotate
from freshet.show_logs import find_logs, follow, last_lines
from schemas.errors import InvalidRequest


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "logs").mkdir()
    for name in ("kafka", "shard"):
        (tmp_path / "logs" / f"{name}.log").write_text(f"{name} one\n{name} two\n")
    return tmp_path


def test_all_logs_or_one(data: Path) -> None:
    assert list(last_lines(find_logs(data, None), 1)) == [("kafka", "kafka two"), ("shard", "shard two")]
    assert list(last_lines(find_logs(data, "shard"), 9)) == [("shard", "shard one"), ("shard", "shard two")]


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
        assert next(lines) == ("shard", "three")
        file.write("ur\n")
    assert next(lines) == ("shard", "four")
    rotate(log, bytes_max=0)
    log.write_text("five\n")
    assert next(lines) == ("shard", "five")
    lines.close()
