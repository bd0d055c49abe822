"""What a search must not be older than: read tokens become offsets, and a replica is waited for that has them."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from schemas.errors import InvalidRequest, Problem, Unavailable
from schemas.hits import ShardState
from schemas.metrics import Metrics
from schemas.read_token import Offsets, ReadToken, StateToken, parse_tokens
from schemas.records import EventId, Outcome
from serving.event_steps import is_searchable
from serving.outcomes import OutcomeCache
from serving.shard_answers import Seen
from serving.shards import Shards

LOOK_EVERY_S: Final = 0.02
"""How often the freshest replica is asked whether it has come so far."""
ASK_S_MAX: Final = 0.25
"""One look; a replica that takes longer is no help."""


class Floors(NamedTuple):
    """By partition; those in `late` were not reached in time."""

    offsets: dict[int, Offsets]
    late: list[int]


NO_FLOORS: Final = Floors({}, [])


class _Wanted(NamedTuple):
    events: list[EventId]
    floor: Offsets


class ReadFloor:
    """For one generation of topics."""

    def __init__(
        self,
        shards: Shards,
        outcomes: OutcomeCache,
        generation: int,
        metrics: Metrics,
        clock: Callable[[], float],
    ) -> None:
        self._shards = shards
        self._outcomes = outcomes
        self._generation = generation
        self._waited = metrics.counter("freshet_at_least_total")
        self._clock = clock

    def read(self, texts: Sequence[str]) -> list[ReadToken]:
        """Each once. Raises InvalidRequest for what is no token of this log."""
        try:
            tokens = parse_tokens(texts)
        except ValueError as error:
            problem = Problem("at_least", str(error))
            raise InvalidRequest("invalid_request", f"at_least: {error}", (problem,)) from None
        for token in tokens:
            if token.generation != self._generation or token.partition not in self._shards.partitions:
                message = (
                    f"read token {token} is not of this log: this is generation {self._generation} with partitions "
                    f"0 to {len(self._shards.partitions) - 1}"
                )
                problem = Problem("at_least", f"{token} is of another generation or partition")
                raise InvalidRequest("unknown_token", message, (problem,), hint="leave it out, and take the next one")
        return tokens

    async def reach(self, tokens: Sequence[ReadToken], timeout_s: float) -> Floors:
        """Waits until in each partition some replica is at or past the tokens; never raises Unavailable."""
        if not tokens:
            return NO_FLOORS
        deadline_s = self._clock() + timeout_s
        wanted = _by_partition(tokens)
        reached = await asyncio.gather(*(self._reach(where, what, deadline_s) for where, what in wanted.items()))
        floors = dict(zip(wanted, reached, strict=True))
        for floor in reached:
            self._waited.labels(result="late" if floor is None else "reached").inc()
        return Floors(
            {where: floor for where, floor in floors.items() if floor is not None},
            [where for where, floor in floors.items() if floor is None],
        )

    async def _reach(self, partition: int, wanted: _Wanted, deadline_s: float) -> Offsets | None:
        """The offsets that hold all of it; None when no replica had them in time."""
        waiting, floor = wanted
        while True:
            waiting = [event for event in waiting if not self._changes_nothing(event)]
            if not waiting and self._shards.router.reached(partition, floor):
                return floor
            waiting, floor = await self._look(partition, waiting, floor, deadline_s)
            if not waiting and self._shards.router.reached(partition, floor):
                return floor
            left_s = deadline_s - self._clock()
            if left_s <= 0:
                return None
            await asyncio.sleep(min(LOOK_EVERY_S, left_s))

    async def _look(
        self, partition: int, waiting: list[EventId], floor: Offsets, deadline_s: float
    ) -> tuple[list[EventId], Offsets]:
        """Asks the freshest replica. What it shows of an event is in every state at or past its own: states follow from
        the log."""
        known = {event: decided.outcome for event in waiting if (decided := self._outcomes.get(event))}
        asked = [(outcome.sku, event.order) for event, outcome in known.items()]
        try:
            answer = await self._shards.seen(partition, asked, min(deadline_s - self._clock(), ASK_S_MAX))
        except Unavailable:
            return waiting, floor
        shown = {
            event
            for (event, outcome), seen in zip(known.items(), answer.seen, strict=True)
            if is_shown(event, outcome, seen)
        }
        if shown:
            floor = floor.joined(answer.state.offsets)
        return [event for event in waiting if event not in shown], floor

    def _changes_nothing(self, event: EventId) -> bool:
        decided = self._outcomes.get(event)
        return decided is not None and decided.outcome.outcome not in ("indexed", "deleted")


def is_shown(event: EventId, outcome: Outcome, seen: Seen) -> bool:
    """Content and offer: every accepted event writes an offer, and it comes by a topic of its own."""
    if not is_searchable(event, outcome, seen):
        return False
    return outcome.outcome == "deleted" or (seen.offer_order is not None and seen.offer_order >= event.order)


def tokens_of(states: Iterable[ShardState], generation: int) -> list[str]:
    """What a client gives back to see nothing older than these states."""
    return [str(StateToken(generation, state.partition, state.offsets)) for state in states]


def _by_partition(tokens: Sequence[ReadToken]) -> dict[int, _Wanted]:
    events: defaultdict[int, list[EventId]] = defaultdict(list)
    floors: defaultdict[int, Offsets] = defaultdict(lambda: Offsets(0, 0))
    for token in tokens:
        if isinstance(token, StateToken):
            floors[token.partition] = floors[token.partition].joined(token.offsets)
        else:
            events[token.partition].append(token)
    return {where: _Wanted(events[where], floors[where]) for where in sorted(events.keys() | floors.keys())}
