"""One dead letter by its name, however many came after it."""

from typing import Final, NamedTuple

from schemas.records import EventId
from schemas.topics import topic_name
from serving.history import LogReader
from serving.letters.kept import KeptLetter, merchant_of, read_letter
from serving.letters.resubmit import LetterTopics

READ_MAX: Final = 1_000_000
"""Letters read for one question, about five seconds of one core: only those that hold the name are parsed."""
READ_BYTES_MAX: Final = 1_000_000_000
EARLIER_MS: Final = 60_000
"""A letter comes after its event; clocks of brokers differ by less than this."""
ORIGINS: Final = ("catalog", "contents", "documents", "offers", "clicks")
"""Topics whose records become letters."""


class Named(NamedTuple):
    letter: KeptLetter | None
    complete: bool = True
    """False: it may be among letters that were not read."""


def letter_named(
    reader: LogReader, topics: LetterTopics, name: str, read_max: int = READ_MAX, bytes_max: int = READ_BYTES_MAX
) -> Named:
    """By its id, or by the id of its event. Read from the time of its event on, where that is still kept. Blocking.

    Raises Unavailable.
    """
    letters, wanted = topic_name("dead-letters", topics.generation), name.encode(errors="replace")
    begin, end = reader.begin_end(letters, 0)
    begin = max(begin, _since(reader, topics, name))
    stop = min(end, begin + read_max)
    for records in reader.read(letters, 0, begin, stop):
        for record in records:
            value = record.value or b""
            bytes_max -= len(value)
            letter = read_letter(value) if wanted in value else None
            if letter is not None and name in (letter.id, letter.event_id):
                merchant = merchant_of(letter, topics.tenant_attribute)
                return Named(KeptLetter(letter, merchant, record.timestamp_ms, record.offset))
        if bytes_max <= 0:
            return Named(None, complete=False)
    return Named(None, complete=stop >= end)


def _since(reader: LogReader, topics: LetterTopics, name: str) -> int:
    """The offset among the letters from which on it can stand; 0: nobody can tell."""
    origin, event = _origin(name, topics)
    if event is None or event.partition >= topics.partitions:
        return 0
    low, high = reader.begin_end(origin, event.partition)
    record = reader.record_at(origin, event.partition, event.offset) if low <= event.offset < high else None
    if record is None or record.offset != event.offset:
        return 0
    letters = topic_name("dead-letters", topics.generation)
    return reader.offset_at(letters, 0, record.timestamp_ms - EARLIER_MS)


def _origin(name: str, topics: LetterTopics) -> tuple[str, EventId | None]:
    """Topic and place of the record that the letter is of, as its name tells."""
    origins = {topic_name(base, topics.generation) for base in ORIGINS}
    topic = next((one for one in origins if name.startswith(f"{one}-")), topic_name("catalog", topics.generation))
    place = f"{topics.generation}-{name[len(topic) + 1 :]}" if name.startswith(f"{topic}-") else name
    try:
        event = EventId.parse(place)
    except ValueError:
        return topic, None
    return topic, event if event.generation == topics.generation else None
