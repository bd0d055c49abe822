"""Whether the newest content of each SKU that could be embedded is its newest document."""

from collections.abc import Callable
from typing import NamedTuple

from replay.audit.findings import Tally
from replay.audit.matching import derived_offset
from schemas.errors import InvalidEvent
from schemas.records import ContentRecord, DocumentRecord, decode
from streams.reader import LogRecord


class _Content(NamedTuple):
    offset: int
    """In `contents`."""
    order: int
    value: bytes


class Embedding:
    """`embed` may skip a content for a newer one of its SKU, but never the newest, and never a delete."""

    def __init__(self, where: str, generation: int, tally: Tally) -> None:
        self._where = where
        self._generation = generation
        self._tally = tally
        self._newest: dict[str, _Content] = {}
        self._orders: dict[str, list[int]] = {}
        """Of the contents of each SKU since its last delete, the delete itself first."""
        self._documents: dict[str, int] = {}
        self._equal: set[str] = set()
        """SKUs whose newest document is their newest content."""
        self._wrong: dict[str, str] = {}
        self.refused: set[int] = set()
        """Events that `embed` has refused."""

    def content(self, sku: str, order: int, record: LogRecord) -> None:
        value = record.value or b""
        orders = self._orders.setdefault(sku, [])
        if b'"content":{' not in value:
            orders.clear()
        orders.append(order)
        self._newest[sku] = _Content(record.offset, order, value)
        self._equal.discard(sku)

    def forget(self, sku: str) -> None:
        for known in (self._newest, self._orders, self._documents, self._wrong):
            known.pop(sku, None)
        self._equal.discard(sku)

    def document(self, sku: str, record: LogRecord) -> None:
        newest, value = self._newest.get(sku), record.value or b""
        if newest is not None and value.startswith(newest.value[:-1]):
            self._met(sku, newest.order)
            self._equal.add(sku)
            return
        order = derived_offset(self._generation, value)
        if order is None:
            self._tally.find("differs", self._where, sku, "", f"the record at offset {record.offset} cannot be read")
            return
        self._met(sku, order)
        self._equal.discard(sku)
        if newest is not None and order == newest.order:
            wrong = _difference(newest.value, value)
            if wrong:
                self._wrong[sku] = wrong
            else:
                self._equal.add(sku)

    def _met(self, sku: str, order: int) -> None:
        before = self._documents.get(sku, -1)
        if order <= before:
            self._tally.find("goes back", self._where, sku, "", f"event {order} is written after event {before}")
        self._documents[sku] = max(order, before)
        self._wrong.pop(sku, None)

    def judge(self, embedded: int, end: int, event_id_of: Callable[[int], str]) -> None:
        """What is judged is forgotten.

        `embedded`: offset in `contents` up to which `embed` has committed; `end`: events from there on are not audited.
        """
        waiting = {}
        for sku, newest in self._newest.items():
            if newest.offset >= embedded:
                waiting[sku] = newest
            elif sku in self._equal:
                self._tally.documents += 1
            elif self._documents.get(sku, -1) < end:
                self._judge(sku, newest, event_id_of)
        self._tally.waiting = len(waiting)
        self._orders = {sku: self._orders[sku] for sku in waiting}
        self._newest = waiting
        self._wrong.clear()

    def _judge(self, sku: str, newest: _Content, event_id_of: Callable[[int], str]) -> None:
        usable = [order for order in self._orders[sku] if order not in self.refused]
        found = self._documents.get(sku)
        if not usable:
            return  # all were refused: what was there before stays
        wanted, event_id = usable[-1], event_id_of(usable[-1])
        if found is None:
            self._tally.find("missing", self._where, sku, event_id, "its content was never embedded")
        elif found < wanted:
            self._tally.find("missing", self._where, sku, event_id, f"the newest document is of event {found}")
        elif found > wanted:
            self._tally.find(
                "invented", self._where, sku, event_id_of(found), "no content leads to its newest document"
            )
        elif sku in self._wrong:
            self._tally.find("differs", self._where, sku, event_id, self._wrong[sku])
        else:
            self._tally.documents += 1


def _difference(content: bytes, document: bytes) -> str:
    """Empty when the document says what the content says, and has a vector just where there is content."""
    try:
        one, other = decode(ContentRecord, content), decode(DocumentRecord, document)
    except InvalidEvent as error:
        return f"it cannot be read: {error.message}"
    if (one.content, one.content_hash) != (other.content, other.content_hash):
        return f"its content is not that of its event: {other.content_hash}, the rules say {one.content_hash}"
    if (other.vector is None) != (other.content is None):
        return "it has no vector" if other.vector is None else "it has a vector, but no content"
    return ""
