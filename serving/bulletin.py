"""Tells the feed how the shop is: its freshness every second, its processes when they change and now and then."""

from collections.abc import Callable

from schemas.errors import Unavailable
from serving.changes import ChangeWatch
from serving.feed import Feed
from serving.freshness import Freshness, FreshnessMeter
from serving.processes import ProcessWatch, kafka_probe, redis_probe, tier_probe
from serving.readiness import Readiness
from serving.shard_watch import Hints

TELL_EVERY_S = 1.0
PROCESSES_EVERY_S = 3.0
LOOK_EVERY_S = 0.5
UNHEARD_EVERY_S = 0.5
"""While nobody listens, events are followed for the freshness alone, in larger strides."""


class FreshnessNow(Freshness):
    """`freshness` of `GET /v1/feed`."""

    products: int
    """Visible products, over the freshest replica of each partition that answers."""


class Bulletin:
    """Its three steps are called again and again, each at its own pace."""

    def __init__(
        self,
        feed: Feed,
        changes: ChangeWatch,
        freshness: FreshnessMeter,
        processes: ProcessWatch,
        hints: Hints,
        readiness: Callable[[], Readiness],
        products: Callable[[], int],
        version: str,
        clock: Callable[[], float],
    ) -> None:
        self._feed = feed
        self._changes = changes
        self._freshness = freshness
        self._processes = processes
        self._hints = hints
        self._readiness = readiness
        self._products = products
        self._version = version
        self._clock = clock
        self._started_s = clock()
        self._followed_s = self._told_s = float("-inf")

    async def follow(self) -> None:
        """Follows single events."""
        now_s = self._clock()
        if self._feed.heard or now_s - self._followed_s >= UNHEARD_EVERY_S:
            self._followed_s = now_s
            await self._changes.step()

    async def tell(self) -> None:
        """The freshness, and how many events were not told one by one."""
        left_out = self._changes.take_left_out()
        if not self._feed.heard:
            self._feed.forget("freshness")  # who comes later must not take it for what is now
            return
        if left_out:
            self._feed.more(left_out)
        try:
            figures = await self._freshness.now()
        except Unavailable:
            self._feed.forget("freshness")
            return  # the listeners see it from hearing no figures, and from Kafka's state
        self._feed.state("freshness", FreshnessNow(**figures.model_dump(), products=self._products()))

    async def look(self) -> None:
        """What the tier itself knows of the processes."""
        now_s = self._clock()
        uptime_s = now_s - self._started_s
        self._processes.saw("kafka", kafka_probe(self._freshness.silent_s, uptime_s))
        self._processes.saw("redis", redis_probe(self._hints.up))
        self._processes.saw("serving", tier_probe(self._readiness().waiting_for, self._version, uptime_s))
        if now_s - self._told_s >= PROCESSES_EVERY_S:
            self.tell_processes()

    def tell_processes(self) -> None:
        self._told_s = self._clock()
        self._feed.state("processes", self._processes.now())
