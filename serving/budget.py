"""The time of one request: each stage gets what is left, and a stage that is late or away is left out and named."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from schemas.errors import FreshetError, Overloaded
from schemas.tracing import CURRENT

T = TypeVar("T")


class Budget:
    """Seconds for one request, counted from its creation.

    `skipped` names the stages that were left out, `spent_ms` the time of each, `overloads` what had too much to do,
    `surprises` the errors that are bugs.
    """

    def __init__(self, total_s: float, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._started = clock()
        self._total_s = total_s
        self.skipped: list[str] = []
        self.spent_ms: dict[str, float] = {}
        self.overloads: list[Overloaded] = []
        self.surprises: list[tuple[str, Exception]] = []

    def took_ms(self) -> float:
        return (self._clock() - self._started) * 1000

    def left_s(self) -> float:
        return self._total_s - (self._clock() - self._started)

    async def attempt(
        self, name: str, stage: Callable[[], Coroutine[Any, Any, T]], default: T, share: float = 1.0
    ) -> T:
        """Runs a stage in at most `share` of the time left; when it is late or fails, cancels it and gives `default`.

        The stage has ended when this returns: nothing is left running. It is called here and not by the caller: a task
        that is cancelled before its first step would leave a coroutine behind that nobody awaits.
        """
        started = self._clock()
        left_s = self.left_s() * share
        if left_s <= 0:
            self.skipped.append(name)
            return default
        try:
            async with asyncio.timeout(left_s):
                return await stage()
        except (TimeoutError, FreshetError) as error:
            if isinstance(error, Overloaded):
                self.overloads.append(error)
            self.skipped.append(name)
            return default
        except Exception as error:  # noqa: BLE001 - a bug in one stage must not take the whole answer down
            self.skipped.append(name)
            self.surprises.append((name, error))
            return default
        finally:
            took_s = self._clock() - started
            self.spent_ms[name] = round(took_s * 1000, 3)
            if (span := CURRENT.get()) is not None:
                span.part(name, took_s)
