"""Numbers of tasks: an indexer writes, is told one, and asks by it whether shoppers see what it wrote.

A number holds the place of the last event of its task, so that every tier can tell of it, also after a restart. The one
that took the task remembers its last events, and waits for all of these.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from schemas.limits import READ_EVENTS_MAX
from schemas.records import EventId

PARTITIONS_MAX: Final = 1_024
NUMBER_MAX: Final = 2**53 - 1
"""Clients read it as a double."""
KEPT_MAX: Final = 1_000
"""Tasks that are remembered."""


class Tasks:
    """Of one generation. For one event loop."""

    def __init__(self, generation: int) -> None:
        self._generation = generation
        self._events: OrderedDict[int, list[str]] = OrderedDict()

    def begun(self, event_ids: Sequence[str]) -> int:
        """The number of a task of these events, in the order they were written."""
        last = EventId.parse(event_ids[-1])
        number = last.offset * PARTITIONS_MAX + last.partition + 1
        self._events[number] = list(event_ids[-READ_EVENTS_MAX:])
        while len(self._events) > KEPT_MAX:
            self._events.popitem(last=False)
        return number

    def events(self, number: int) -> list[str]:
        """What a task waits for."""
        if number < 1:
            return []
        offset, partition = divmod(number - 1, PARTITIONS_MAX)
        return self._events.get(number, [str(EventId(self._generation, partition, offset))])
