"""The format is told by the content, then by the name."""

from pathlib import Path

import pytest

from freshet.imports.builtin_mappings import builtin_mapping
from freshet.imports.product_lines import Ready, prepare
from freshet.imports.readers.choose import FORMATS, open_source
from schemas.errors import SettingsError
from schemas.events import Upsert, decode_event
from tests.unit.readers.files import file_of

RSS = '<rss><channel><item xmlns:g="http://base.google.com/ns/1.0"><g:id>1</g:id></item></channel></rss>'


@pytest.mark.parametrize(
    ("name", "content", "format"),
    [
        ("p.jsonl", '{"sku": "1"}\n', "jsonl"),
        ("p.ndjson.gz", '{"sku": "1"}\n', "jsonl"),
        ("p.jsonl", "not json\n", "jsonl"),
        ("p", '{"sku": "1"}\n', "jsonl"),
        ("p.csv", "sku,title\n1,Lamp\n", "csv"),
        ("p.csv.gz", "sku;title\n1;Lamp\n", "csv"),
        ("p.txt", "sku\ttitle\n1\tLamp\n", "tsv"),
        ("p.tsv", "sku\ttitle\n1\tLamp\n", "tsv"),
        ("p.txt", "sku,title\n1,Lamp\n", "csv"),
        ("p.csv", RSS, "google"),
        ("feed.xml.gz", "\n" + RSS, "google"),
        ("p.csv", "Handle,Title,Variant Price\nmug,Mug,5\n", "shopify"),
    ],
)
def test_formats(tmp_path: Path, name: str, content: str, format: str) -> None:
    assert open_source(file_of(tmp_path, name, content)).format == format


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("p.json", '[{"sku": "1"}]', "one JSON array"),
        ("p.xml", "sku,title", "not what its name says"),
        ("p.parquet", "sku,title", "not what its name says"),
        ("p.parquet.gz", b"PAR1....PAR1", "Parquet inside gzip"),
        ("p.jsonl", b"", "is empty"),
    ],
)
def test_what_cannot_be_right_is_refused(tmp_path: Path, name: str, content: bytes | str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        open_source(file_of(tmp_path, name, content))


def test_a_format_that_is_said_counts(tmp_path: Path) -> None:
    file = file_of(tmp_path, "p.csv", '{"sku": "1"}\n')
    assert open_source(file, "jsonl").format == "jsonl"
    with pytest.raises(SettingsError, match="no format 'excel'") as caught:
        open_source(file, "excel")
    assert all(name in caught.value.hint for name in FORMATS)
    with pytest.raises(SettingsError, match="says itself"):
        open_source(file, "jsonl", "cp1252")
    with pytest.raises(SettingsError, match="there is no file"):
        open_source(tmp_path / "none.csv")


def test_a_table_with_our_names_needs_no_mapping_and_another_says_what_to_do(tmp_path: Path) -> None:
    header = "sku,title,category,price,stock,image_urls,attributes,colour\n"
    line = 'L1,Lamp,Home > Lamps,"19.99 EUR",12,https://a.example/1 | https://a.example/2,"{""watts"": 7}",white\n'
    source = open_source(file_of(tmp_path, "p.csv", header + line))
    made = [prepare(row, builtin_mapping(source)) for row in source.rows()]
    assert isinstance(made[0], Ready)
    event, _ = decode_event(made[0].event)
    assert isinstance(event, Upsert) and event.price is not None
    assert (event.category, event.price.amount, event.stock) == (["Home", "Lamps"], 19.99, 12)
    assert event.image_urls == ["https://a.example/1", "https://a.example/2"]
    assert event.attributes == {"watts": 7, "colour": "white"}
    with pytest.raises(SettingsError, match="its columns are code, name") as caught:
        builtin_mapping(open_source(file_of(tmp_path, "q.csv", "code,name\n1,Lamp\n")))
    assert "--guess" in caught.value.hint
