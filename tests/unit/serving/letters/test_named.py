"""A letter is found by its name behind any number of others; only a part of them is read for it."""

from serving.letters.named import EARLIER_MS, Named, letter_named
from serving.letters.resubmit import LetterTopics
from streams.reader import LogRecord
from tests.unit.serving.fakes import FakeReader
from tests.unit.serving.letters.made import letter

TOPICS = LetterTopics(1, 1, "tenant")
COUNT = 50
EVERY_MS = EARLIER_MS


class Refusing(FakeReader):
    """Each event was refused at once; there is one a minute."""

    def __init__(self) -> None:
        super().__init__()
        self.letters_read = 0
        for number in range(COUNT):
            self.add("catalog", number, b"{}")
            written = letter(id=f"catalog-0-{number}", offset=number, event_id=f"1-0-{number}").encode()
            self.add("dead-letters", number, written)

    def add(self, topic: str, offset: int, value: bytes) -> None:
        at_ms = 1_700_000_000_000 + offset * EVERY_MS
        self._records[topic, 0].append(LogRecord(topic, 0, offset, b"a", value, at_ms))

    def read(self, topic, partition, offset, end=None, batch=1000):  # type: ignore[no-untyped-def]
        for records in super().read(topic, partition, offset, end, 10):
            self.letters_read += len(records) if topic == "dead-letters" else 0
            yield records


def number(found: Named) -> int | None:
    return found.letter.letter.offset if found.letter else None


def test_by_its_id_and_by_its_event_from_the_time_of_that_on() -> None:
    for name in ("catalog-0-7", "1-0-7", "catalog-0-49", "1-0-49"):
        log = Refusing()
        assert number(letter_named(log, TOPICS, name)) == int(name.rsplit("-")[-1])
        assert log.letters_read <= 20


def test_of_an_event_that_is_no_longer_kept_all_letters_are_read_up_to_a_limit() -> None:
    log = Refusing()
    log.begins["catalog", 0] = COUNT
    assert number(letter_named(log, TOPICS, "catalog-0-49")) == 49
    assert (log.letters_read, letter_named(log, TOPICS, "1-0-49", read_max=COUNT - 1)) == (COUNT, Named(None, False))
    assert letter_named(log, TOPICS, "1-0-49", bytes_max=1) == Named(None, False)


def test_one_that_there_is_not() -> None:
    log = Refusing()
    for name in ("catalog-0-500", "1-7-0", "2-0-1", "documents-0-3", "clicks-9-3", "-", "catalog-", "\udc80", ""):
        assert letter_named(log, TOPICS, name) == Named(None), name
