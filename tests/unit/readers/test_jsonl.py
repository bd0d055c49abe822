"""JSON Lines, with what editors and half-written files do to them."""

from pathlib import Path

import pytest

from freshet.imports.readers.jsonl import JsonLines
from tests.unit.readers.files import file_of, problems, values


@pytest.mark.parametrize("text", ['{"a": 1}\n', '{"a": 1}', '\n\n {"a": 1} \r\n\n', '\ufeff{"a": 1}\n'])
def test_one_value_a_line(tmp_path: Path, text: str) -> None:
    assert values(JsonLines(file_of(tmp_path, "p.jsonl", text))) == [{"a": 1}]


def test_numbers_are_those_of_the_lines_and_bad_ones_are_kept(tmp_path: Path) -> None:
    rows = list(JsonLines(file_of(tmp_path, "p.jsonl.gz", b'{"a": 1}\n\n{"a"\n\xff\n{"a": 2}\n')).rows())
    assert [row.number for row in rows] == [1, 3, 4, 5]
    assert rows[1].original == b'{"a"'
    source = JsonLines(file_of(tmp_path, "q.jsonl", b'{"a"\n{"a": 1}\n'))
    assert problems(source) == {1: "malformed_json"}
