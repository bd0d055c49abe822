"""How long the oldest record of each queue has waited, and how little of the log is read for it."""

from serving.history import History
from serving.queue_ages import READ_S, READS_MAX, REMEMBERED_MS, QueueAges
from streams.reader import LogRecord
from tests.unit.serving.fakes import Clock, FakeReader

NOW_MS = 1_700_000_000_000
SCRAPED_MS = 10_000


class Queues(FakeReader):
    """One record waits in each partition of `contents`, since NOW_MS; each look takes `look_s`."""

    def __init__(self, partitions: int, clock: Clock | None = None, look_s: float = 0.0) -> None:
        super().__init__(partitions)
        self.looked: list[int] = []
        self.clock, self.look_s = clock or Clock(), look_s

    def record_at(self, topic: str, partition: int, offset: int) -> LogRecord | None:
        self.looked.append(partition)
        self.clock.now_s += self.look_s
        return LogRecord("contents.1", partition, offset, b"a", b"{}", NOW_MS)


def spans(partitions: int, done: int = 0) -> list[tuple[str, int, int, int]]:
    return [("contents", partition, done, done + 1) for partition in range(partitions)]


async def test_the_age_is_that_of_the_oldest_record_that_waits() -> None:
    log = FakeReader()
    log.send("contents", b"a", b"{}")
    came_ms = log.record_at("contents", 0, 0).timestamp_ms  # type: ignore[union-attr]
    ages = QueueAges(History(lambda: log), 1)
    assert await ages.of([("contents", 0, 0, 1)], came_ms + 5_000) == {("contents", 0): 5.0}
    assert await ages.of([("contents", 0, 1, 1)], came_ms + 6_000) == {("contents", 0): 0.0}
    log.send("contents", b"a", b"{}")
    assert await ages.of([("contents", 0, 1, 2)], came_ms + 7_000) == {("contents", 0): 0.0}, "it came since"
    assert (await ages.of([("contents", 0, 1, 2)], came_ms + 9_000))["contents", 0] > 0
    forgotten_ms = came_ms + 9_000 + REMEMBERED_MS
    log.send("contents", b"a", b"{}")
    for later_ms, known in ((0, True), (1, False)):
        ages._asked_ms, ages._ends = came_ms + 9_000, {("contents", 0): 2}
        found = await ages.of([("contents", 0, 2, 3)], forgotten_ms + later_ms)
        assert (found["contents", 0] == 0) is known


async def test_each_of_more_queues_than_are_read_at_once_is_told_of() -> None:
    """Of what is not read yet it is known how long it was seen waiting: never that it does not wait."""
    log = Queues(READS_MAX + 1)
    ages = QueueAges(History(lambda: log), 1)
    first = await ages.of(spans(READS_MAX), NOW_MS + 900_000)
    assert set(first.values()) == {900.0} and len(log.looked) == READS_MAX
    await ages.of(spans(READS_MAX + 1), NOW_MS + 900_000)
    found = await ages.of(spans(READS_MAX + 1), NOW_MS + 900_000 + SCRAPED_MS)
    assert set(found.values()) == {910.0} and len(log.looked) == READS_MAX + 1, "each was read once, and stands still"


async def test_so_many_are_read_for_one_answer_and_the_others_wait_since_they_were_seen() -> None:
    log = Queues(READS_MAX + 1)
    ages = QueueAges(History(lambda: log), 1)
    everywhere = spans(READS_MAX + 1)
    for number, last_s in enumerate((0.0, 910.0)):
        found = await ages.of(everywhere, NOW_MS + 900_000 + number * SCRAPED_MS)
        assert len(log.looked) == READS_MAX + number
        assert (found["contents", 0], found["contents", READS_MAX]) == (900.0 + 10.0 * number, last_s)


async def test_reading_stops_in_time_and_goes_on_with_what_was_read_least_lately() -> None:
    """Queues that go on have a new oldest record each time: who was read tells meanwhile what it was then."""
    clock = Clock()
    log = Queues(4, clock, look_s=READ_S / 2)
    ages = QueueAges(History(lambda: log), 1, clock)
    for number in range(3):
        found = await ages.of([(*span[:3], 9) for span in spans(4, done=number)], NOW_MS + number * SCRAPED_MS)
    assert log.looked == [0, 1, 2, 3, 0, 1]
    assert list(found.values()) == [20.0] * 2 + [10.0] * 2


async def test_a_queue_that_holds_no_record_is_not_old() -> None:
    """As after an aborted transaction."""
    log = FakeReader()
    ages = QueueAges(History(lambda: log), 1)
    for number in range(2):
        assert set((await ages.of(spans(1), NOW_MS + number * SCRAPED_MS)).values()) == {0.0}
