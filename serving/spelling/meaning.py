"""The vectors of all that a query may mean."""

import asyncio
from collections.abc import Sequence
from typing import Protocol

from schemas.spelling import Sense
from serving.query_vectors import QueryVector


class Encoding(Protocol):
    async def of(self, text: str, timeout_s: float) -> QueryVector: ...


async def vectors_of(senses: Sequence[Sense], encoding: Encoding, timeout_s: float) -> list[QueryVector]:
    """In their order, all side by side. Raises what one has raised, once all have ended."""
    if len(senses) == 1:  # nearly always: no task of its own
        return [await encoding.of(senses[0].text, timeout_s)]
    asked = [encoding.of(one.text, timeout_s) for one in senses]
    found = await asyncio.gather(*asked, return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException):
            raise one
    return [one for one in found if not isinstance(one, BaseException)]
