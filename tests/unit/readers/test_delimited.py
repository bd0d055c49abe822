"""Tables of text as shops really write them, and as they should not."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from freshet.imports.readers.delimited import Delimited, columns
from freshet.imports.readers.delimiter import delimiter_of
from freshet.imports.readers.rows import ROW_BYTES_MAX
from schemas.errors import SettingsError
from tests.unit.readers.files import file_of, problems, values

LAMP = {"sku": "1", "title": "Lamp"}


@pytest.mark.parametrize(
    ("name", "text", "encoding"),
    [
        ("p.csv", "sku,title\n1,Lamp\n", "utf-8"),
        ("p.csv", "sku,title\r\n1,Lamp\r\n", "utf-8"),
        ("p.csv", "sku,title\r1,Lamp\r", "utf-8"),
        ("p.csv", "sku,title\n1,Lamp", "utf-8-sig"),
        ("p.csv.gz", "sku,title\n1,Lamp\n", "utf-8"),
        ("p.csv", "sku;title\n1;Lamp\n", "utf-8"),
        ("p.csv", "sku|title\n1|Lamp\n", "utf-8"),
        ("p.csv", "sep=;\r\nsku;title\r\n1;Lamp\r\n", "utf-8"),
        ("p.csv", 'sku,title\n"1","Lamp"\n', "utf-8"),
        ("p.csv", " sku , title\n1,Lamp\n", "utf-8"),
        ("p.csv", "\nsku,title\n\n1,Lamp\n\n", "utf-8"),
    ],
)
def test_the_same_table_in_many_dresses(tmp_path: Path, name: str, text: str, encoding: str) -> None:
    assert values(Delimited(file_of(tmp_path, name, text, encoding))) == [LAMP]


def test_tabs_with_quotes_and_commas_in_the_cells(tmp_path: Path) -> None:
    file = file_of(tmp_path, "p.tsv", 'sku\ttitle\n1\tPipe, 6" wide\n')
    assert values(Delimited(file, "tsv")) == [{"sku": "1", "title": 'Pipe, 6" wide'}]


def test_line_breaks_in_quotes_and_the_lines_where_rows_begin(tmp_path: Path) -> None:
    file = file_of(tmp_path, "p.csv", 'sku,title\n1,"Lamp\nwith ""arm"""\n2,Mug\n')
    rows = list(Delimited(file).rows())
    assert [(row.number, row.value) for row in rows] == [
        (2, {"sku": "1", "title": 'Lamp\nwith "arm"'}),
        (4, {"sku": "2", "title": "Mug"}),
    ]
    assert rows[-1].bytes_read == file.stat().st_size


def test_blank_cells_are_absent_and_others_untouched(tmp_path: Path) -> None:
    file = file_of(tmp_path, "p.csv", "sku,title,brand,note\n1, Lamp ,,  \n")
    assert values(Delimited(file)) == [{"sku": "1", "title": " Lamp ", "brand": None, "note": None}]


def test_ragged_rows_are_refused_and_the_others_go_on(tmp_path: Path) -> None:
    source = Delimited(file_of(tmp_path, "p.csv", "sku,title\n1,Lamp\n2\n3,Mug,white\n4,Rug\n"))
    assert problems(source) == {3: "ragged_row", 4: "ragged_row"}
    assert [value["sku"] for value in values(source)] == ["1", "4"]
    assert [row.original for row in source.rows()][1:3] == [[["2"]], [["3", "Mug", "white"]]]


def test_a_quote_that_is_not_doubled_spoils_its_row_only(tmp_path: Path) -> None:
    source = Delimited(file_of(tmp_path, "p.csv", 'sku,title\n1,"6" pipe"\n2,Mug\n'))
    assert problems(source) == {2: "malformed_row"}
    assert values(source) == [{"sku": "2", "title": "Mug"}]
    assert next(source.rows()).original == [['1,"6" pipe"']]


def test_a_file_that_ends_inside_a_quote_loses_no_row_silently(tmp_path: Path) -> None:
    source = Delimited(file_of(tmp_path, "p.csv", 'sku,title\n1,Lamp\n2,"Mug\n'))
    assert problems(source) == {3: "malformed_row"}


def test_headings_that_stand_twice_or_are_empty_get_names() -> None:
    assert [name for name, _ in columns(["sku", "price", "price", "", "price_2"])] == [
        "sku",
        "price",
        "price_2",
        "column_4",
        "price_2_2",
    ]


@pytest.mark.parametrize("content", [b"", b" \n\r\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_an_error(tmp_path: Path, content: bytes) -> None:
    file = file_of(tmp_path, "p.csv", content)
    with pytest.raises(SettingsError, match=r"p\.csv is empty"):
        _ = Delimited(file).header


def test_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    assert list(Delimited(file_of(tmp_path, "p.csv", "sku,title\n")).rows()) == []


def test_nul_bytes_come_through_for_the_event_to_refuse_or_the_mapping_to_clean(tmp_path: Path) -> None:
    assert values(Delimited(file_of(tmp_path, "p.csv", b"sku,title\n1,La\x00mp\n")))[0]["title"] == "La\x00mp"


def test_a_cell_of_a_million_characters(tmp_path: Path) -> None:
    file = file_of(tmp_path, "p.csv", f'sku,title\n1,"{"x" * 1_000_000}"\n')
    assert len(values(Delimited(file))[0]["title"]) == 1_000_000


@pytest.mark.parametrize(("extra", "fits"), [(0, True), (1, False)])
def test_the_longest_row(tmp_path: Path, extra: int, fits: bool) -> None:
    text = "sku,title\n1," + "x" * (ROW_BYTES_MAX - 3 + extra) + "\n"
    source = Delimited(file_of(tmp_path, "p.csv", text))
    if fits:
        assert len(values(source)) == 1
        return
    with pytest.raises(SettingsError, match="line 2 has more than"):
        values(source)


def test_a_quote_that_is_never_closed_does_not_swallow_the_file_silently(tmp_path: Path) -> None:
    text = 'sku,title\n1,"Lamp\n' + "2,Mug\n" * (ROW_BYTES_MAX // 6 + 1)
    with pytest.raises(SettingsError, match="begins at line 2") as caught:
        values(Delimited(file_of(tmp_path, "p.csv", text)))
    assert "never closed" in caught.value.hint


def test_wrong_encoding_names_the_line_and_the_remedy(tmp_path: Path) -> None:
    text = "sku,title\n" + "1,Lamp\n" * 3_000 + "2,Café\n"
    file = file_of(tmp_path, "p.csv", text, "cp1252")
    with pytest.raises(SettingsError, match=r"line 3002 is not utf-8 \(byte 0xe9\)") as caught:
        values(Delimited(file))
    assert "--encoding cp1252" in caught.value.hint
    assert values(Delimited(file, encoding="cp1252"))[-1] == {"sku": "2", "title": "Café"}


def test_utf_16_is_recognised_and_read_when_told(tmp_path: Path) -> None:
    file = file_of(tmp_path, "p.csv", "sku;title\r\n1;Café\r\n", "utf-16")
    with pytest.raises(SettingsError) as caught:
        values(Delimited(file))
    assert "--encoding utf-16" in caught.value.hint
    assert values(Delimited(file, encoding="utf-16")) == [{"sku": "1", "title": "Café"}]


@pytest.mark.parametrize("encoding", ["klingon", "hex", "rot13"])
def test_an_encoding_nobody_knows(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(SettingsError, match=encoding):
        values(Delimited(file_of(tmp_path, "p.csv", "sku,title\n1,Lamp\n"), encoding=encoding))


@pytest.mark.parametrize("name", ["p.csv.gz"])
def test_a_cut_gzip_file(tmp_path: Path, name: str) -> None:
    file = file_of(
        tmp_path, name, "sku,title\n" + "".join(f"{number},Lamp {number * 7919}\n" for number in range(9_000))
    )
    file.write_bytes(file.read_bytes()[:-500])
    with pytest.raises(SettingsError, match="cannot read"):
        values(Delimited(file))


@pytest.mark.parametrize(
    ("lines", "delimiter"),
    [
        (["a,b;c\n", "1,2;3\n"], ","),
        (["a;b;c\n", "1,5;2;3,0\n", "4,5;5;6,25\n"], ";"),
        (["only\n", "one\n"], ","),
        (['a\t"b,c,d,e"\n', "1\t2\n"], "\t"),
        (["sep=|\n", "a|b\n"], "|"),
    ],
)
def test_the_delimiter_is_found(lines: list[str], delimiter: str) -> None:
    assert delimiter_of(lines) == delimiter


CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6), st.sampled_from(",;\t|"))
def test_what_the_csv_module_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], delimiter: str
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerows([("first", "second"), *rows])
    file = file_of(tmp_path_factory.mktemp("csv"), "p.csv", out.getvalue())
    found = [
        tuple((value[name] or "") for name in ("first", "second"))
        for value in values(Delimited(file, delimiter=delimiter))
    ]
    assert found == [tuple("" if not cell or cell.isspace() else cell for cell in row) for row in rows]
