"""Several questions at once; one alone needs no task of its own."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

T = TypeVar("T")


async def at_once(asks: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """The answers in the order of the questions; see `asyncio.gather`."""
    return [await one for one in asks] if len(asks) < 2 else await asyncio.gather(*asks)
