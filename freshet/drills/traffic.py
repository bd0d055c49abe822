"""The load of a drill: known events, probes whose way is timed, and searches that come when they are due."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Final

from freshet.drills.drill import Drill, Length
from freshet.drills.known_events import KnownEvents
from freshet.drills.moments import Asked
from freshet.drills.patience import LIMIT_S, wait_until
from freshet.drills.plain_http import http
from freshet.drills.replica_load import ANSWER_S, ASKERS, Shoppers, session
from freshet.drills.shop import Loop, Merchant, Storefront

BATCH: Final = 25
PROBES_PER_S: Final = 5.0
CLICKS_PER_S: Final = 5.0
SESSIONS: Final = 20
LOOKS_PER_S: Final = 10.0
"""How often the storefront looks which probes it is shown."""


class Traffic:
    """On one shop; the same seed sends the same events."""

    def __init__(self, url: str, seed: int, length: Length, drill: Drill) -> None:
        self.seed = seed
        self.merchant = Merchant(url)
        self.known = KnownEvents(seed, length.skus)
        self.front = Storefront(url, self.merchant)
        self.shoppers = Shoppers(url, ("vector", "words"), SESSIONS if drill.sessions else 0)
        self._url = url
        self._times = drill.times
        self._length = length

    @contextmanager
    def on(self) -> Iterator[None]:
        """While the block lasts, and then until the storefront was shown all. Raises NotInTime."""

        def send(number: int) -> None:
            batch = self.known.batch(BATCH)
            for _ in range(self._times):
                self.merchant.send(batch)

        def click(number: int) -> None:
            """One that is not taken is lost, as in a shop."""
            event = {"type": "click", "session": session(number % SESSIONS), "sku": next(iter(self.known.shown))}
            http("POST", f"{self._url}/v1/clicks", event, ANSWER_S)

        with ThreadPoolExecutor(ASKERS) as threads, Loop(self.front.ask, LOOKS_PER_S):

            def ask(number: int) -> None:
                threads.submit(self.shoppers.ask, number, time.monotonic())

            with ExitStack() as running:
                running.enter_context(Loop(ask, self._length.searches_per_s))
                running.enter_context(Loop(send, self._length.events_per_s / BATCH))
                running.enter_context(Loop(self.front.send_probe, PROBES_PER_S))
                if self.shoppers.sessions:
                    running.enter_context(Loop(click, CLICKS_PER_S))
                yield
            wait_until(lambda: not self.front.waiting(), LIMIT_S, "every acknowledged change is found")
        self.shoppers.hang_up()

    def asked(self) -> list[Asked]:
        """By when they were due."""
        questions = sorted(self.shoppers.questions, key=lambda one: one.due_s)
        return [Asked(one.due_s, one.answered_s, one.good) for one in questions]
