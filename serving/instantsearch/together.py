"""Several things side by side, none of which goes on once the answer is given."""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import TypeVar

T = TypeVar("T")


async def side_by_side(asked: Iterable[Awaitable[T]]) -> list[T]:
    """In their order. Raises what one has raised, once all have ended."""
    found = await asyncio.gather(*asked, return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException):
            raise one
    return [one for one in found if not isinstance(one, BaseException)]
