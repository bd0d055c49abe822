"""Rejected rows lie beside their reason, can be mended and imported, and are not written twice by one import."""

from pathlib import Path

import orjson

from freshet.imports.product_lines import Refused, prepare
from freshet.imports.readers.delimited import Delimited
from freshet.imports.readers.jsonl import JsonLines
from freshet.imports.rejected import RejectedFile, rejected_path
from tests.unit.readers.files import file_of, values


def rejected(file: Path, *numbers: int) -> RejectedFile:
    """Every row of the file whose number is named, as rejected."""
    source = Delimited(file)
    out = RejectedFile(rejected_path(file, source), source.header)
    for row in source.rows():
        if row.number in numbers:
            original = row.original if isinstance(row.original, list) else []
            out.add(Refused(row.number, "invalid_field", "price: is not a number, or so", [], original))
    return out


def test_a_table_keeps_its_columns_and_says_why_in_front(tmp_path: Path) -> None:
    file = file_of(tmp_path, "p.csv", 'sku;title;price\n1;"Big\nlamp";x\n2;Mug;5\n3;Rug;"y ""z"""\n')
    out = rejected(file, 2, 5)
    assert out.path.name == "p.csv.rejected.csv"
    assert out.path.read_text().splitlines()[0] == "freshet_line,freshet_reason,freshet_message,sku,title,price"
    again = Delimited(out.path)
    assert values(again) == [
        {"sku": "1", "title": "Big\nlamp", "price": "x"},
        {"sku": "3", "title": "Rug", "price": 'y "z"'},
    ]


def test_ragged_and_unreadable_rows_stand_as_they_were(tmp_path: Path) -> None:
    file = file_of(tmp_path, "p.csv", 'sku,title\n1\n2,"a"b"\n')
    source = Delimited(file)
    out = RejectedFile(tmp_path / "r.csv", source.header)
    for row in source.rows():
        made = prepare(row, None)
        assert isinstance(made, Refused)
        out.add(made)
    lines = out.path.read_text().splitlines()
    assert lines[1].startswith('2,ragged_row,"the row has 1 cells, the header has 2",1')
    assert lines[2].startswith("3,malformed_row,") and lines[2].endswith('"2,""a""b"""')


def test_going_on_keeps_what_was_done_and_drops_what_comes_again(tmp_path: Path) -> None:
    file = file_of(tmp_path, "p.csv", 'sku,title\n1,a\n2,"b\nb"\n3,c\n')
    out = rejected(file, 2, 3, 5)
    again = RejectedFile(out.path, ["sku", "title"])
    assert again.go_on(3) == 2
    again.add(Refused(5, "too_large", "again", [], [["3", "c"]]))
    assert [value["sku"] for value in values(Delimited(out.path))] == ["1", "2", "3"]
    assert out.path.read_text().count("freshet_line") == 1


def test_going_on_with_json_lines_and_a_line_that_a_kill_cut(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    first = RejectedFile(path)
    for number in (1, 2, 3):
        first.add(Refused(number, "r", "m", [], "{}"))
    path.write_bytes(path.read_bytes() + b'{"number": 2, "rea')
    again = RejectedFile(path)
    assert again.go_on(2) == 2
    again.add(Refused(3, "r", "m", [], "{}"))
    assert [orjson.loads(line)["number"] for line in path.read_bytes().splitlines()] == [1, 2, 3]


def test_a_new_import_begins_a_new_file_and_none_is_needed_to_go_on(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    assert RejectedFile(path).go_on(9) == 0
    RejectedFile(path).add(Refused(1, "r", "m", [], "{}"))
    RejectedFile(path).add(Refused(7, "r", "m", [], "{}"))
    assert [orjson.loads(line)["number"] for line in path.read_bytes().splitlines()] == [7]
    assert rejected_path(tmp_path / "p.jsonl", JsonLines(tmp_path / "p.jsonl")).name == "p.jsonl.rejected.jsonl"


def test_going_on_with_a_table_that_a_kill_cut_inside_a_character(tmp_path: Path) -> None:
    out = rejected(file_of(tmp_path, "p.csv", "sku,title\n1,a\n2,Café\n"), 2, 3)
    out.path.write_bytes(out.path.read_bytes().rstrip()[:-1])
    again = RejectedFile(out.path, ["sku", "title"])
    assert again.go_on(2) == 1
    assert [value["sku"] for value in values(Delimited(out.path))] == ["1"]
