"""Google Merchant feeds: RSS 2.0 items and Atom entries with the g: namespace, streamed, safe against entity bombs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from freshet.imports.readers.rows import ROW_BYTES_MAX, Row
from freshet.imports.readers.stored import opened
from schemas.errors import SettingsError

G = "{http://base.google.com/ns/1.0}"
ITEMS = frozenset({"item", "entry"})
CHUNK_BYTES = 65_536
LISTS = frozenset({"additional_image_link", "product_highlight", "product_detail"})
"""May stand several times; of the others the first counts."""
DEPTH_MAX = 20


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class GoogleFeed:
    """Each row holds the item's elements by local name (`id`, `price` ...), those of g: before others.

    `details` holds product_detail by name. A `sale_price` whose time has not come, or is over, is left out.
    """

    path: Path
    format: str = "google"
    header: None = None
    now: Callable[[], datetime] = _now

    @property
    def size_bytes(self) -> int:
        return self.path.stat().st_size

    def rows(self) -> Iterator[Row]:
        found: list[tuple[int, dict[str, Any]]] = []
        target = _Items(found.append)
        parser = DefusedXMLParser(target=target, forbid_dtd=False, forbid_entities=True, forbid_external=True)
        target.line = lambda: int(parser.parser.CurrentLineNumber)
        with opened(self.path) as stored:
            while chunk := stored.content.read(CHUNK_BYTES):
                failure = self._fed(parser.feed, chunk)
                yield from self._given(found, stored.file.tell())  # also what stood before the damage
                if failure:
                    raise failure
                if target.bytes_since_item(len(chunk)) > ROW_BYTES_MAX:
                    raise SettingsError(f"{self.path}: an item has more than {ROW_BYTES_MAX:,} bytes")
            if failure := self._fed(parser.close):
                raise failure
        if not target.seen:
            raise SettingsError(f"{self.path} holds no item and no entry", hint="a Google Merchant feed is RSS or Atom")

    def _fed(self, feed: Callable[..., None], *chunk: bytes) -> SettingsError | None:
        try:
            feed(*chunk)
        except DefusedXmlException as error:
            words = f"{self.path} declares entities, which a feed never needs: {error}"
            return SettingsError(words, hint="nothing of it was expanded")
        except ParseError as error:
            return SettingsError(f"{self.path} is not well-formed XML: {error}", hint="is the file whole?")
        return None

    def _given(self, found: list[tuple[int, dict[str, Any]]], bytes_read: int) -> Iterator[Row]:
        for line, item in found:
            if not _sale_is_on(item.get("sale_price_effective_date"), self.now()):
                item.pop("sale_price", None)
            yield Row(line, item, bytes_read=bytes_read)
        found.clear()


class _Items:
    """Parser target: gathers one item at a time and hands it on; nothing else of the document is kept."""

    def __init__(self, give: Callable[[tuple[int, dict[str, Any]]], None]) -> None:
        self._give = give
        self._path: list[str] = []
        self._text: list[str] = []
        self._children: list[dict[str, Any]] = []
        self._google: set[str] = set()
        self._begun = 0
        self._bytes = 0
        self.line: Callable[[], int] = lambda: 0
        self.seen = 0

    def bytes_since_item(self, more: int) -> int:
        """Bytes that were fed without any item coming to its end."""
        self._bytes = self._bytes + more if self._path else 0
        return self._bytes

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self._path:
            if tag.rpartition("}")[2] not in ITEMS:
                return
            self._begun, self._google = self.line(), set()
        if len(self._path) >= DEPTH_MAX:
            raise SettingsError(f"line {self.line()}: elements stand deeper than {DEPTH_MAX} levels")
        self._path.append(tag)
        self._children.append({})
        self._text = [attributes["href"]] if tag.endswith("}link") and "href" in attributes else []

    def data(self, data: str) -> None:
        if self._path:
            self._text.append(data)

    def end(self, tag: str) -> None:
        if not self._path:
            return
        self._path.pop()
        children, text = self._children.pop(), "".join(self._text).strip()
        self._text = []
        if self._path:
            self._put(self._children[-1], tag, children or text or None)
            return
        self.seen, self._bytes = self.seen + 1, 0
        self._give((self._begun, _with_details(children)))

    def close(self) -> None:
        pass

    def _put(self, item: dict[str, Any], tag: str, value: Any) -> None:
        if value is None:
            return
        name = tag.rpartition("}")[2]
        if name in LISTS:
            item.setdefault(name, []).append(value)
        elif name not in item or (tag.startswith(G) and name not in self._google):
            item[name] = value
        if tag.startswith(G) and len(self._path) == 1:
            self._google.add(name)


def _with_details(item: dict[str, Any]) -> dict[str, Any]:
    details = [detail for detail in item.pop("product_detail", []) if isinstance(detail, dict)]
    named = {
        str(detail["attribute_name"]): detail["attribute_value"]
        for detail in details
        if detail.get("attribute_name") and isinstance(detail.get("attribute_value"), str)
    }
    return item | {"details": named} if named else item


def _sale_is_on(period: Any, now: datetime) -> bool:
    """A period is `begin/end` in ISO 8601; one that cannot be read is not on, so that no wrong price is shown."""
    if not period:
        return True
    try:
        begin, end = (datetime.fromisoformat(part.strip()) for part in str(period).split("/"))
    except ValueError:
        return False
    begin, end = (moment if moment.tzinfo else moment.replace(tzinfo=UTC) for moment in (begin, end))
    return begin <= now <= end
