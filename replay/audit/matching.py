"""Compares the records of one topic, in log order, with those that must follow from the events."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

import orjson

from replay.audit.findings import Kind, Tally
from replay.audit.rules import Expected
from schemas.errors import InvalidEvent
from schemas.records import EventId, Record, decode
from streams.reader import LogRecord

R = TypeVar("R", bound=Record)
BEFORE: Final = -1
"""Older than every event of this generation."""
VALUE_CHARS_MAX: Final = 200
"""Of a record, in a finding."""


class Matching:
    """The agent writes what follows from its events in their order, so both sides are gone through once.

    `offset_of` tells the event that a record follows from (None: it cannot be read).
    """

    def __init__(
        self,
        where: str,
        tally: Tally,
        model: type[Record],
        offset_of: Callable[[LogRecord], int | None],
        event_id_of: Callable[[int], str],
        missing: Callable[[Expected], None],
        tells: Callable[[int], bool],
    ) -> None:
        """`missing` hears of what is not there; `tells`: whether a record too many, of that event, is told here."""
        self._where = where
        self._tally = tally
        self._model = model
        self._offset_of = offset_of
        self._event_id_of = event_id_of
        self._missing = missing
        self._tells = tells
        self._expected: deque[Expected] = deque()
        self._begin = self._end = 0
        """Events decided so far: from, and up to before."""
        self._last = -1
        """The newest event whose record was met."""
        self.met: int | None = None
        """The event of the record that was brought last; None when it was not waited for."""
        self.equal = 0

    def begin(self, offset: int) -> None:
        """Records of older events are passed over."""
        self._begin = self._end = offset

    def expect(self, records: Iterable[Expected], end: int) -> None:
        """`end`: events before it are decided."""
        self._expected.extend(records)
        self._end = end

    def meet(self, actual: LogRecord) -> bool:
        """False: it follows from an event that is not decided yet; bring it again then."""
        expected = self._expected
        if expected and expected[0].value == actual.value and expected[0].key == actual.key:
            self._last = self.met = expected.popleft().offset
            self.equal += 1
            return True
        self.met = None
        offset = self._offset_of(actual)
        if offset is None:
            self._find("differs", actual, None, f"the record at offset {actual.offset} cannot be read")
            return True
        if offset >= self._end:
            return False
        if offset < self._begin:
            return True
        while expected and expected[0].offset < offset:
            self._missing(expected.popleft())
        if expected and expected[0].offset == offset:
            self._last = self.met = offset
            self._compare(expected.popleft(), actual)
        elif not self._tells(offset):
            pass
        elif offset <= self._last:
            self._find("twice", actual, offset, f"written again at offset {actual.offset}")
        else:
            self._find(
                "invented", actual, offset, f"nothing in its event leads to the record at offset {actual.offset}"
            )
        return True

    def end(self) -> None:
        """What was not met is missing: all that is committed was brought."""
        while self._expected:
            self._missing(self._expected.popleft())

    def _compare(self, one: Expected, actual: LogRecord) -> None:
        if one.value is None:
            return
        if actual.key == one.key and _same(self._model, one.value, actual.value or b""):
            self.equal += 1
        else:
            self._find("differs", actual, one.offset, difference(one.value, actual.value or b""))

    def _find(self, kind: Kind, actual: LogRecord, offset: int | None, message: str) -> None:
        event_id = "" if offset is None else self._event_id_of(offset)
        self._tally.find(kind, self._where, sku_of(actual), event_id, message)


def outcome_offset(record: LogRecord) -> int | None:
    """From the key, which is the event's id."""
    try:
        return EventId.parse((record.key or b"").decode()).offset
    except (ValueError, UnicodeDecodeError):
        return None


def derived_offset(generation: int, value: bytes | None) -> int | None:
    """From the order in it; BEFORE for what was taken over from an older generation of topics."""
    try:
        its_generation, offset = orjson.loads(value or b"")["order"]
        return int(offset) if its_generation == generation else BEFORE
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None


def sku_of(record: LogRecord) -> str:
    try:
        return str(orjson.loads(record.value or b"")["sku"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return (record.key or b"").decode(errors="replace")


def difference(expected: bytes, actual: bytes) -> str:
    """The first field that differs, with both values."""
    try:
        one, other = orjson.loads(expected), orjson.loads(actual)
        for name in [*one, *(name for name in other if name not in one)]:
            if one.get(name) != other.get(name):
                return f"{name} is {_short(other.get(name))}, the rules say {_short(one.get(name))}"
    except (orjson.JSONDecodeError, AttributeError, TypeError):
        pass
    return f"is {_short(actual.decode(errors='replace'))}, the rules say {_short(expected.decode(errors='replace'))}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= VALUE_CHARS_MAX else text[:VALUE_CHARS_MAX] + " ..."


def _same(model: type[R], expected: bytes, actual: bytes) -> bool:
    """Written by another release the bytes may differ, what they say may not."""
    try:
        return decode(model, expected) == decode(model, actual)
    except InvalidEvent:
        return False
