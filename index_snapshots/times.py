"""When recent records were written and became searchable: for the journey of an event, outside the shard's state."""

from collections import OrderedDict
from typing import Final, NamedTuple

from index_snapshots.protocol import Topic

TIMES_MAX: Final = 50_000


class Moment(NamedTuple):
    written_ms: int
    """LogAppendTime of the record."""
    searchable_ms: int
    """When the view that holds it was published."""


class Times:
    """The last `limit` applied records. One thread writes, any reads."""

    def __init__(self, limit: int = TIMES_MAX) -> None:
        self._limit = limit
        self._moments: OrderedDict[tuple[Topic, int], Moment] = OrderedDict()

    def note(self, topic: Topic, order: int, moment: Moment) -> None:
        """The first time an order is applied counts."""
        if (topic, order) in self._moments:
            return
        if len(self._moments) >= self._limit:
            self._moments.popitem(last=False)  # a plain dict would look through all that it has dropped before
        self._moments[topic, order] = moment

    def of(self, topic: Topic, order: int) -> Moment | None:
        return self._moments.get((topic, order))
