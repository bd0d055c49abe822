"""The catalogue as of one place in the log, and files that read back as the same products."""

import gzip
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.decide import OFFER_FIELDS
from freshet.imports.builtin_mappings import builtin_mapping
from freshet.imports.catalogue_cut import Cut, Product, newest_cut, products
from freshet.imports.product_files import csv_header, csv_line, json_line
from freshet.imports.product_lines import Ready, prepare
from freshet.imports.readers.delimited import Delimited
from freshet.imports.readers.jsonl import JsonLines
from freshet.imports.readers.rows import Source
from freshet.progress import PlainLines
from freshet.run_export import chosen_format, export, written
from schemas.errors import FreshetError, SettingsError, StateRefused
from schemas.events import Upsert, decode_event
from schemas.records import Content, ContentRecord, Offer, OfferRecord, Order, Price
from streams.memory import MemoryLog


class Log(MemoryLog):
    """With the position of the catalogue worker."""

    def __init__(self, position: int) -> None:
        super().__init__()
        self.position = position

    def committed(self, group: str, topic: str, partitions: list[int]) -> dict[int, int]:
        assert (group, topic) == ("freshet-catalog-1", "catalog")
        return dict.fromkeys(partitions, self.position)

    async def put(self, sku: str, offset: int, title: str | None, stock: int | None, since: int | None) -> None:
        order = Order(1, offset)
        if title is not None or since is None:
            content = Content(title=title) if title is not None else None
            record = ContentRecord(sku=sku, order=order, content=content)
            await self.send("contents", sku.encode(), record.encode(), 0)
        offer = OfferRecord(
            sku=sku, order=order, offer=Offer(stock=stock), live_since=Order(1, since) if since is not None else None
        )
        await self.send("offers", sku.encode(), offer.encode(), 0)


async def filled(position: int) -> Log:
    log = Log(position)
    await log.put("a", 0, "A", 1, 0)
    await log.put("b", 1, "B", 1, 1)
    await log.put("a", 2, None, 5, 0)
    await log.put("b", 3, None, None, None)
    await log.put("c", 4, "C", 2, 4)
    await log.put("a", 5, "A2", 6, 0)
    await log.put("b", 6, "B again", 7, 6)
    return log


@pytest.mark.parametrize(
    ("position", "there"),
    [
        (0, []),
        (2, [("a", "A", 1), ("b", "B", 1)]),
        (3, [("a", "A", 5), ("b", "B", 1)]),
        (5, [("a", "A", 5), ("c", "C", 2)]),
        (7, [("c", "C", 2), ("a", "A2", 6), ("b", "B again", 7)]),
    ],
)
async def test_a_cut_holds_what_was_decided_by_then_and_nothing_later(position: int, there: list[Any]) -> None:
    log = await filled(position)
    found = products(log, newest_cut(log, 1, 1))
    assert [(product.sku, product.content.title, product.offer.stock) for product in found] == there


async def test_a_forgotten_product_and_a_record_nobody_can_read() -> None:
    log = await filled(7)
    for topic in ("contents", "offers"):
        await log.send(topic, b"c", None, 0)
    assert [product.sku for product in products(log, Cut(1, {0: 7}))] == ["a", "b"]
    await log.send("contents", b"x", b"{}", 0)
    with pytest.raises(StateRefused, match="contents/0 offset"):
        list(products(log, Cut(1, {0: 7})))


async def test_an_export_says_which_offsets_it_holds() -> None:
    log, out = await filled(7), io.BytesIO()
    told = export(log, 1, 1, "jsonl", out, PlainLines(io.StringIO()))
    assert (told["products"], told["catalog_offsets"]) == (3, {"0": 7})
    assert out.getvalue().splitlines()[0] == b'{"sku":"c","title":"C","stock":2}'


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(str.strip)
NAME = TEXT.filter(lambda text: text == text.strip())
ITEMS = st.lists(TEXT | st.sampled_from(["a > b", "a>b", "[x", "{", " | ", " x"]), min_size=1, max_size=3)
VALUES = TEXT | st.integers(-(2**53), 2**53) | st.booleans() | st.lists(TEXT, max_size=3) | st.floats(-1e9, 1e9)
CONTENTS = st.builds(
    Content,
    title=TEXT,
    description=st.none() | TEXT | st.just('two\nlines, "quoted"'),
    brand=st.none() | TEXT,
    category=st.none() | ITEMS,
    image_urls=st.none() | ITEMS,
    url=st.none() | NAME,
    locale=st.none() | st.just("en-GB"),
    attributes=st.dictionaries(TEXT, VALUES, max_size=3),
)
PRICES = st.builds(
    Price, amount=st.integers(0, 10**13).map(lambda units: units / 10_000), currency=st.sampled_from(["EUR", "JPY"])
)
OFFERS = st.builds(
    Offer,
    price=st.none() | PRICES,
    stock=st.none() | st.integers(0, 10**9),
    availability=st.none() | st.sampled_from(["in_stock", "preorder"]),
)


def read_back(source: Source) -> tuple[Content, Offer]:
    (row,) = source.rows()
    made = prepare(row, builtin_mapping(source))
    assert isinstance(made, Ready), made
    event, unknown = decode_event(made.event)
    assert isinstance(event, Upsert) and unknown == 0
    values = event.model_dump()
    price = Price(**values["price"]) if values["price"] else None
    offer = Offer(price=price, **{name: values[name] for name in OFFER_FIELDS if name != "price"})
    return Content(**{name: values[name] for name in Content.model_fields}), offer


@given(NAME, CONTENTS, OFFERS)
def test_what_is_exported_reads_back_as_the_same_product(
    tmp_path_factory: pytest.TempPathFactory, sku: str, content: Content, offer: Offer
) -> None:
    product, folder = Product(sku, content, offer), tmp_path_factory.mktemp("export")
    (folder / "p.jsonl").write_bytes(json_line(product))
    (folder / "p.csv").write_bytes(csv_header() + csv_line(product))
    for source in (JsonLines(folder / "p.jsonl"), Delimited(folder / "p.csv")):
        again, same_offer = read_back(source)
        assert again.content_hash() == content.content_hash()
        assert same_offer == offer


@pytest.mark.parametrize(
    ("file", "format", "chosen"),
    [
        (None, "", "jsonl"),
        ("p.csv", "", "csv"),
        ("p.csv.gz", "", "csv"),
        ("p.jsonl.gz", "", "jsonl"),
        ("p", "csv", "csv"),
    ],
)
def test_the_format_is_told_by_the_name(file: str | None, format: str, chosen: str) -> None:
    assert chosen_format(Path(file) if file else None, format) == chosen


@pytest.mark.parametrize(("file", "format"), [("p.parquet", ""), ("p.csv", "xml")])
def test_other_formats_are_refused(file: str, format: str) -> None:
    with pytest.raises(SettingsError, match=r"format|by its name"):
        chosen_format(Path(file), format)


def test_a_file_is_there_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "p.jsonl.gz"
    with written(file) as out:
        out.write(b"old")
    with pytest.raises(TypeError), written(file) as out:
        out.write(None)  # type: ignore[call-overload]
    assert gzip.decompress(file.read_bytes()) == b"old" and list(tmp_path.iterdir()) == [file]
    with pytest.raises(FreshetError, match="cannot write"), written(tmp_path / "none" / "p.csv"):
        pass
