"""The dead letters that the log keeps, newest first, and which of them somebody asks for."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from schemas.errors import InvalidEvent
from schemas.records import DeadLetter, decode
from schemas.strict import parse_json
from schemas.topics import topic_name
from serving.history import LogReader

SCANNED_MAX: Final = 20_000
"""Letters looked through for one question, about a second of one core."""
SCANNED_BYTES_MAX: Final = 256_000_000
"""The same, of letters that are large: each may hold 2 MB."""
STRETCH: Final = 500
"""Letters read in one go."""
STRETCH_FIRST: Final = 32
STRETCH_BYTES: Final = 32_000_000
"""Read in one go after that, if the letters are as large as those before."""


class LettersAsked(NamedTuple):
    """Empty fields ask for all."""

    reason: str = ""
    merchant: str = ""
    sku: str = ""
    since_ms: int = 0
    until_ms: int | None = None
    """Before it. Times are those at which the letters were written."""


class KeptLetter(NamedTuple):
    letter: DeadLetter
    merchant: str
    """Whose product it is; empty where its original does not say."""
    at_ms: int
    offset: int


class LetterScan:
    """Goes through the letters once, from the newest, or from before an offset. For one thread."""

    def __init__(
        self,
        reader: LogReader,
        generation: int,
        tenant_attribute: str,
        scanned_max: int = SCANNED_MAX,
        bytes_max: int = SCANNED_BYTES_MAX,
    ) -> None:
        self._reader = reader
        self._topic = topic_name("dead-letters", generation)
        self._tenant_attribute = tenant_attribute
        self._left = scanned_max
        self._bytes_left = bytes_max
        self.next: int | None = None
        """Older letters were not looked at: they are before this offset."""

    @property
    def complete(self) -> bool:
        return self.next is None

    def find(self, asked: LettersAsked, before: int | None = None) -> Iterator[KeptLetter]:
        """Copies of one, as a crash leaves them, come once. Blocking. Raises Unavailable."""
        begin, high = self._reader.begin_end(self._topic, 0)
        if asked.since_ms:
            begin = max(begin, self._reader.offset_at(self._topic, 0, asked.since_ms))
        if asked.until_ms is not None:
            high = min(high, self._reader.offset_at(self._topic, 0, asked.until_ms))
        if before is not None:
            high = min(high, before)
        stretch, seen = STRETCH_FIRST, set[str]()
        while high > begin:
            if self._left <= 0 or self._bytes_left <= 0:
                self.next = high
                return
            low = max(begin, high - min(stretch, self._left))
            records = [one for batch in self._reader.read(self._topic, 0, low, high) for one in batch]
            size = sum(len(record.value or b"") for record in records)
            self._left -= high - low
            self._bytes_left -= size
            stretch = max(1, min(STRETCH, STRETCH_BYTES * (high - low) // max(1, size)))
            for record in reversed(records):
                letter = read_letter(record.value or b"")
                if letter is None or letter.id in seen:
                    continue
                seen.add(letter.id)
                kept = KeptLetter(
                    letter, merchant_of(letter, self._tenant_attribute), record.timestamp_ms, record.offset
                )
                if _asked_for(kept, asked):
                    yield kept
            high = low


def merchant_of(letter: DeadLetter, tenant_attribute: str) -> str:
    """What its original says in the attribute that tells whose product it is."""
    try:
        event = parse_json(letter.original()[1])
    except InvalidEvent:
        return ""
    if not isinstance(event, dict):
        return ""
    attributes = event.get("attributes")
    stated = attributes.get(tenant_attribute) if isinstance(attributes, dict) else None
    found = event.get(tenant_attribute) if stated is None else stated
    return found if isinstance(found, str) else ""


def _asked_for(kept: KeptLetter, asked: LettersAsked) -> bool:
    letter = kept.letter
    return (
        asked.reason in ("", letter.reason)
        and asked.merchant in ("", kept.merchant)
        and (not asked.sku or asked.sku == sku_of(letter))
        and asked.since_ms <= kept.at_ms
        and (asked.until_ms is None or kept.at_ms < asked.until_ms)
    )


def sku_of(letter: DeadLetter) -> str:
    """Of an event that could not be read it is the key, where that is text."""
    if letter.sku or letter.stage == "session":
        return letter.sku
    return letter.original()[0].decode(errors="replace")


def read_letter(value: bytes) -> DeadLetter | None:
    """None: it is none, or of another version."""
    try:
        return decode(DeadLetter, value)
    except InvalidEvent:
        return None
