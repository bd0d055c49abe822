"""Google Merchant feeds, RSS and Atom, and what attackers make of XML."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from freshet.imports.builtin_mappings import builtin_mapping
from freshet.imports.mapping import map_line
from freshet.imports.readers.google_feed import DEPTH_MAX, GoogleFeed
from freshet.imports.readers.rows import ROW_BYTES_MAX
from schemas.errors import SettingsError
from schemas.events import check_event
from tests.unit.readers.files import file_of, values

HEAD = (
    '<?xml version="1.0"?>\n<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><title>Shop</title>\n'
)
TAIL = "</channel></rss>"
ITEM = """<item>
<title>Not this one</title><g:title>Desk &amp; wall lamp</g:title>
<link>https://shop.example/lamp</link>
<description><![CDATA[<p>Warm <b>light</b></p>]]></description>
<g:id>L-1</g:id><g:price>19,99 EUR</g:price><g:sale_price>17.50 EUR</g:sale_price>
<g:availability>in stock</g:availability><g:brand>Lumen</g:brand>
<g:product_type>Home &gt; Lamps &gt; Desk</g:product_type><g:product_type>Sale</g:product_type>
<g:image_link>https://img.example/1.jpg</g:image_link>
<g:additional_image_link>https://img.example/2.jpg</g:additional_image_link>
<g:additional_image_link>https://img.example/3.jpg</g:additional_image_link>
<g:item_group_id>L</g:item_group_id><g:color>white</g:color>
<g:shipping><g:country>DE</g:country><g:price>4.90 EUR</g:price></g:shipping>
<g:product_detail><g:attribute_name>Height</g:attribute_name>
<g:attribute_value>40 cm</g:attribute_value></g:product_detail>
</item>
"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0"><title>Shop</title>
<entry><g:id>L-1</g:id><title>Lamp</title><link href="https://shop.example/lamp"/><summary>Warm</summary>
<g:price>5 USD</g:price><g:availability>out_of_stock</g:availability></entry></feed>"""


def feed(folder: Path, text: str, name: str = "feed.xml") -> GoogleFeed:
    return GoogleFeed(file_of(folder, name, text))


def test_an_item_becomes_a_product_by_the_built_in_mapping(tmp_path: Path) -> None:
    source = feed(tmp_path, HEAD + ITEM + TAIL, "feed.xml.gz")
    mapping = builtin_mapping(source)
    assert mapping is not None
    (row,) = source.rows()
    assert row.number == 3
    event = map_line(row.value, mapping).event
    check_event(event)
    assert event == {
        "type": "upsert",
        "sku": "L-1",
        "title": "Desk & wall lamp",
        "description": "Warm light",
        "brand": "Lumen",
        "category": ["Home", "Lamps", "Desk"],
        "price": {"amount": 17.5, "currency": "EUR"},
        "availability": "in_stock",
        "image_urls": [f"https://img.example/{number}.jpg" for number in (1, 2, 3)],
        "url": "https://shop.example/lamp",
        "attributes": {"item_group_id": "L", "list_price": "19,99 EUR", "color": "white", "Height": "40 cm"},
    }


def test_atom_entries_with_their_links(tmp_path: Path) -> None:
    source = feed(tmp_path, ATOM)
    mapping = builtin_mapping(source)
    assert mapping is not None
    event = map_line(values(source)[0], mapping).event
    assert (event["url"], event["description"], event["availability"]) == (
        "https://shop.example/lamp",
        "Warm",
        "out_of_stock",
    )


@pytest.mark.parametrize(
    ("period", "on"),
    [
        ("2026-11-01T00:00+0100/2026-11-30T23:59+0100", True),
        ("2026-12-01T00:00Z/2026-12-31T00:00Z", False),
        ("2025-01-01/2025-02-01", False),
        ("some day", False),
    ],
)
def test_a_sale_price_counts_only_in_its_time(tmp_path: Path, period: str, on: bool) -> None:
    more = f"<g:sale_price_effective_date>{period}</g:sale_price_effective_date></item>"
    file = file_of(tmp_path, "f.xml", HEAD + ITEM.replace("</item>", more) + TAIL)
    (item,) = values(GoogleFeed(file, now=lambda: datetime(2026, 11, 25, tzinfo=UTC)))
    assert ("sale_price" in item) is on


BOMB = """<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<rss><channel><item><title>&b;</title></item></channel></rss>"""
OUTSIDE = """<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<rss><channel><item><title>&a;</title></item></channel></rss>"""


@pytest.mark.parametrize("text", [BOMB, OUTSIDE])
def test_entities_are_refused_before_anything_is_expanded(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="declares entities"):
        values(feed(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HEAD + ITEM, "not well-formed XML: no element found: line"),
        (HEAD + "<item><g:id>1</item>" + TAIL, "not well-formed XML: mismatched tag: line 3"),
        (HEAD + TAIL, "holds no item"),
        ("<html><body>Moved</body></html>", "holds no item"),
    ],
)
def test_what_is_no_feed_is_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        values(feed(tmp_path, text))


def test_items_before_the_damage_are_given(tmp_path: Path) -> None:
    rows = feed(tmp_path, HEAD + ITEM * 200).rows()
    assert [next(rows).number for _ in range(2)] == [3, 18]


@pytest.mark.parametrize(("chars", "fits"), [(1_000_000, True), (2 * ROW_BYTES_MAX, False)])
def test_an_item_without_end_is_refused(tmp_path: Path, chars: int, fits: bool) -> None:
    source = feed(tmp_path, f"{HEAD}<item><g:id>1</g:id><title>{'x' * chars}</title></item>{TAIL}")
    if fits:
        assert len(values(source)[0]["title"]) == chars
        return
    with pytest.raises(SettingsError, match="an item has more than"):
        values(source)


@pytest.mark.parametrize(("levels", "fits"), [(DEPTH_MAX - 1, True), (DEPTH_MAX, False)])
def test_how_deep_elements_may_stand(tmp_path: Path, levels: int, fits: bool) -> None:
    source = feed(tmp_path, f"{HEAD}<item><g:id>1</g:id>{'<a>' * levels}{'</a>' * levels}</item>{TAIL}")
    if fits:
        assert values(source)[0]["id"] == "1"
        return
    with pytest.raises(SettingsError, match="deeper than"):
        values(source)
