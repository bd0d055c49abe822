"""Step `meaning`: no product holds what was asked for, so the nearest by meaning are shown, and it is said."""

from dataclasses import replace

from schemas.fallback import Fallback
from serving.fallback.relaxing import Relaxed, least
from serving.fallback.step import Again, Landed, Missed, any_hits


async def meaning(missed: Missed, again: Again) -> Landed | None:
    """Where no product passes the filters, without as few of them as will do."""
    if missed.found.vector is None:
        return None
    if any_hits(missed.request, missed.found):
        return Landed(missed.found, Fallback(step="meaning", text=missed.understood.meaning))

    async def enough(one: Relaxed) -> bool:
        return await again.passing(replace(missed.understood, price=one.price).filters(one.asked)) >= missed.below

    way = None if missed.found.found else await least(missed.request.filters, missed.understood.price, enough)
    if way is None:
        return None
    request = missed.request.model_copy(update={"filters": way.asked})
    found = await again.search(request, replace(missed.understood, price=way.price))
    said = Fallback(step="meaning", text=missed.understood.meaning, relaxed=list(way.names))
    return Landed(found, said) if any_hits(missed.request, found) else None
