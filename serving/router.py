"""Takes each question to a good replica of its partition, to a second one when that is slow or fails, and learns."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterable, Mapping, Set
from functools import partial
from typing import Any, Final, Protocol, TypeVar

from schemas.errors import Overloaded, Unavailable
from schemas.hits import ShardState
from schemas.metrics import Metrics
from schemas.read_token import Offsets
from schemas.shards import ShardOnProcess
from serving.addresses import Addresses
from serving.breaker import Breaker, Circuit
from serving.choose import in_order
from serving.hedge import first_good
from serving.hedge_budget import HedgeBudget
from serving.replica import Replica
from serving.running_quantile import RunningQuantile

IN_FLIGHT_MAX: Final = 64
"""Questions at one replica of a partition at once, as many as a shard process takes: one more goes to another replica,
or is refused."""
HEDGE_QUANTILE: Final = 0.95
"""A question is sent a second time when it takes longer than this share of the last ones of its kind did."""
HEDGE_S_MIN: Final = 0.005
"""Sooner a second one gains nothing."""
HEDGE_S_FIRST: Final = 0.05
"""While too few answers are known to have a quantile of."""
FLOOR_SHARE: Final = 0.8
"""For so much of its time a question waits for a replica that has what the client has seen, while another one has given
an older answer."""


class Stated(Protocol):
    @property
    def state(self) -> ShardState: ...


class RefusedQuestion(Unavailable):
    """The replica says that the question is wrong: that says nothing about the replica."""


T = TypeVar("T", bound=Stated)
Ask = Callable[[str, float], Coroutine[Any, Any, T]]
"""Asks the replica at an address, within seconds. Raises Unavailable, Overloaded or RefusedQuestion."""


class Router:
    """`hedge_share`: second questions for each first one, at most; 0: none."""

    def __init__(
        self,
        addresses: Addresses,
        metrics: Metrics,
        clock: Callable[[], float],
        draw: random.Random,
        hedge_share: float,
    ) -> None:
        self.addresses = addresses
        self._clock = clock
        self._draw = draw
        self._budget = HedgeBudget(hedge_share)
        self._replicas: dict[tuple[int, str], Replica] = {}
        self._took: dict[tuple[int, str], RunningQuantile] = {}
        self._out: Set[tuple[int, int]] = frozenset()
        self._asked = metrics.counter("freshet_shard_questions_total")
        self._hedges = metrics.counter("freshet_hedges_total")
        self._shed = metrics.counter("freshet_shed_total").labels(where="replica")

    def take_out(self, places: Set[tuple[int, int]]) -> None:
        """These (partition, number of the replica), and no others, answer nothing from now on, not even as the last."""
        self._out = places

    def saw(
        self,
        found: Mapping[str, Iterable[ShardOnProcess]],
        hints: Mapping[tuple[int, int], ShardState],
    ) -> None:
        """What the processes said, by address, all at about the same time; who did not answer is missing. `hints`, by
        (partition, replica), are only taken for these."""
        said = {(one.state.partition, address): one for address, group in found.items() for one in group}
        for (partition, address), replica in self._known().items():
            process = said.get((partition, address))
            replica.ready = process is not None and process.ready
            if process is not None:
                replica.number = process.state.replica
                replica.watched = process.state
            else:
                replica.watched = hints.get((partition, replica.number)) if replica.number is not None else None

    def replicas(self, partition: int) -> list[Replica]:
        """As many as are known now; those that are gone are forgotten."""
        addresses = self.addresses.of(partition)
        gone = [key for key in self._replicas if key[0] == partition and key[1] not in addresses]
        for key in gone:
            del self._replicas[key]
        return [self._replica(partition, address) for address in addresses]

    def taken_out(self, partition: int) -> frozenset[str]:
        """Names of those that may not answer."""
        return frozenset(one.name for one in self.replicas(partition) if (partition, one.number) in self._out)

    def reached(self, partition: int, floor: Offsets) -> bool:
        """Whether some replica that may answer is known to be at or past these offsets."""
        return any(one.furthest and floor.within(one.furthest.offsets) for one in self._allowed(partition))

    async def first(
        self,
        partition: int,
        kind: str,
        ask: Ask[T],
        deadline_s: float,
        floor: Offsets | None = None,
        freshest: bool = False,
    ) -> T:
        """The first good answer by `deadline_s` of the clock; one from before `floor` only where no replica that has it
        answers. Questions of one `kind` take about equally long.

        Raises Unavailable when no replica answers, Overloaded when all have too much to do.
        """
        allowed = self._allowed(partition)
        if not allowed:
            raise Unavailable(f"partition {partition} has no replica that may answer")
        free = [one for one in allowed if one.in_flight < IN_FLIGHT_MAX]
        if not free:
            self._shed.inc()
            raise Overloaded(f"all replicas of partition {partition} have {IN_FLIGHT_MAX} questions", retry_after_s=0.5)
        if (took := self._took.get((partition, kind))) is None:
            took = self._took[partition, kind] = RunningQuantile(HEDGE_QUANTILE)
        order = in_order(free, floor, self._draw, freshest, kind)
        probing = order[0].breaker_of(kind).circuit is Circuit.HALF_OPEN
        self._budget.asked()
        won = await first_good(
            [partial(self._one, one, one.breaker_of(kind), ask, deadline_s, took) for one in order],
            HEDGE_S_FIRST if took.seconds is None else max(took.seconds, HEDGE_S_MIN),
            lambda: self._may_hedge(probing),
            lambda answer: floor is None or floor.within(answer.state.offsets),
            (deadline_s - self._clock()) * FLOOR_SHARE,
        )
        if won.by_hedge:
            self._hedges.labels(result="won").inc()
        return won.answer

    def _may_hedge(self, probing: bool) -> bool:
        """Who is a probe's passenger must not pay for it."""
        may = probing or self._budget.take()
        self._hedges.labels(result="sent" if may else "no_budget").inc()
        return may

    async def _one(
        self, replica: Replica, breaker: Breaker, ask: Ask[T], deadline_s: float, took: RunningQuantile
    ) -> T:
        started_s = self._clock()
        if started_s >= deadline_s:
            raise Unavailable("no time is left to ask another replica")
        replica.in_flight += 1
        breaker.asked()
        result = "failed"
        try:
            answer = await ask(replica.address, deadline_s - started_s)
            self._check(replica, answer.state)
            seconds = self._clock() - started_s
            took.add(seconds)
            replica.latency.answered(seconds)
            breaker.answered()
            replica.tell(answer.state)
            result = "good"
            return answer
        except asyncio.CancelledError:
            if self._clock() < deadline_s:
                result = "overtaken"
                replica.latency.lost(self._clock() - started_s)
                breaker.given_up()
            else:
                breaker.failed()
            raise
        except (Overloaded, RefusedQuestion) as error:
            result = "overloaded" if isinstance(error, Overloaded) else "refused"
            breaker.given_up()
            raise
        except Unavailable:
            breaker.failed()
            raise
        finally:
            replica.in_flight -= 1
            self._asked.labels(partition=str(replica.partition), replica=replica.counted_as, result=result).inc()

    def _check(self, replica: Replica, state: ShardState) -> None:
        if state.partition != replica.partition:
            raise Unavailable(f"the shard answered for partition {state.partition}, not {replica.partition}")
        if (state.partition, state.replica) in self._out:
            raise Unavailable(f"replica {state.replica} of partition {state.partition} is taken out")

    def _allowed(self, partition: int) -> list[Replica]:
        return [
            one for one in self.replicas(partition) if one.number is None or (partition, one.number) not in self._out
        ]

    def _replica(self, partition: int, address: str) -> Replica:
        key = (partition, address)
        if key not in self._replicas:
            number = self.addresses.number(partition, address)
            self._replicas[key] = Replica(partition, address, number, self._clock)
        return self._replicas[key]

    def _known(self) -> dict[tuple[int, str], Replica]:
        for partition in self.addresses.partitions:
            self.replicas(partition)
        return self._replicas
